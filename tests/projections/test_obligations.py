"""义务覆盖: which obligations the sources seen can open and settle, by what each has ever sent."""

from __future__ import annotations

from processors.rules.book import Book
from projections.obligations import obligations
from tests.processors.desk import Desk, at


def policies(**one: object) -> dict[str, object]:
    from schemas.policy_files import load_profile

    whole = load_profile().dump()
    base = {"row": "O30", "zh": "某事", "per": ["case"], "due": {"after": "1d"}, "owes": "crc"}
    whole["facts"], whole["dates"] = {}, {}
    whole["policies"] = {f"grid.{name}": {**base, **said} for name, said in one.items()}  # type: ignore[dict-item]
    return whole


def states(desk: Desk) -> dict[str, str]:
    return {one["obligation"].partition(".")[2]: one["state"] for one in obligations(desk.book)}


def test_what_is_sent_covers_what_listens_to_it() -> None:
    desk = Desk()
    desk.publish(
        policies(
            plain={"on": "complaint.closed", "by": "complaint.forwarded"},
            either={"on": "complaint.closed", "by": {"any": ["complaint.forwarded", "complaint.resolved"]}},
            both={"on": "complaint.closed", "by": {"all": ["complaint.forwarded", "complaint.resolved"]}},
            verdict={
                "on": {"event": "obligation.breached", "where": {"obligation_key": "grid.plain"}},
                "by": "complaint.resolved",
            },
            other={"on": "repair.reported", "by": "complaint.resolved"},
        )
    )

    def hear(event_type: str, source: str) -> None:
        event = desk.place(event_type, at("2026-03-02 10:00"), f"{source}-{event_type}", case_id="c")
        desk.book = desk.book.hear(event)

    assert set(states(desk).values()) == {"never_opened", "never_settled"}, "nobody has sent anything"
    assert states(desk)["verdict"] == "never_settled", "the engine opens it by itself"
    hear("complaint.closed", "crm")
    hear("complaint.resolved", "crm")
    assert states(desk) == {
        "plain": "never_settled", "either": "covered", "both": "never_settled", "verdict": "covered",
        "other": "never_opened",
    }  # fmt: skip
    told = {one["obligation"]: one for one in obligations(desk.book)}["grid.both"]
    assert (told["opened_by"], told["settled_by"], told["missing"]) == (
        ["crm"],
        ["crm"],
        ["complaint.forwarded"],
    )
    hear("complaint.forwarded", "crm")
    assert states(desk)["both"] == "covered"


def test_of_no_policy_nothing_is_said() -> None:
    assert obligations(Book.empty()) == []
