"""Penalties are the approver's alone: every GET path, page, stream and export walked with other keys finds no amount."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest

from ledger import access
from schemas.instants import DAY, HOUR, format_instant
from schemas.policy_files import load_profile
from tests.web.site import START, Site, complaint, until
from tests.web.test_auth import signed_in
from tests.web.test_today import form
from touchline.publishing import publish

PROPOSED, CONFIRMED = 23457, 34567
AMOUNTS = ("23457", "234.57", "34567", "345.67", "penalt", "漏点未查明", "处罚")
"""What a penalty is told by: sums, the words for it, the reason for it."""
APPROVAL = ("/wall/penalties", "/wall/penalties/board")


def profile() -> dict[str, Any]:
    data: dict[str, Any] = json.loads(json.dumps(load_profile().published()))
    data["version"] = data["policy"]["version"] = "second"
    data["effective_from"] = data["policy"]["effective_from"] = format_instant(START - 30 * DAY)
    data["policy"]["penalties"] |= {"enabled": True, "default_fen": PROPOSED}
    return data


@pytest.fixture
def fined(timed: Site) -> tuple[Site, str, dict[str, Any]]:
    """A site with an approver's key and a proposed penalty, as the approver sees it."""
    timed.tenant()
    publish(timed.house, timed.tenant(), profile())
    with timed.client(timed.key()) as http:
        for number in (1, 2):
            one = complaint(f"c{number}", START - (3 - number) * DAY, ticket=f"T{number}", actorref="kf-1")
            one["data"]["category"] = "leak"
            assert http.post("/events", json=one).status_code == 202
    key = timed.key("gm-office", approver=True)
    with timed.client(key) as gm:
        (found,) = until(lambda: gm.get("/penalties").json())
    return timed, key, found


def found_in(text: str, words: Sequence[str]) -> list[str]:
    """Those of the words that stand there; an amount as a number of its own, since five digits in a row come up in hashes."""
    return [
        one
        for one in words
        if re.search(rf"(?<![\w+/-]){re.escape(one)}(?![\w+/-])" if one[0].isdigit() else one, text)
    ]


def told(http: httpx.Client, last: str) -> Iterator[tuple[str, str]]:
    """(path, answer) of every GET path there is, with the ids of everything there is; of the stream up to the event
    ``last``."""
    described = http.get("/openapi.json").json()
    cases = [one["id"] for one in http.get("/cases").json()]
    promises = [one["id"] for one in http.get("/promises", params={"limit": 500}).json()]
    verdicts = [one["verdict_id"] for one in http.get("/alerts").json()]
    persons = [one["customer_ref"] for one in http.get("/cases").json()]
    ids = {
        "{case_id}": cases,
        "{promise_id}": promises[:3] + verdicts[:3],
        "{person}": persons[:1],
        "{letter}": ["1"],
    }
    pages = [
        "/",
        "/wall",
        "/wall/cases/{case_id}",
        "/wall/cases/{case_id}/history",
        "/wall/promises/{promise_id}/explain",
        *APPROVAL,
    ]
    for path in [*(p for p, verbs in described["paths"].items() if "get" in verbs), *pages]:
        if path == "/stream":
            continue
        name = next((name for name in ids if name in path), "")
        for own in ids.get(name, [""]):
            for query in (
                ({}, {"known_at": format_instant(START + DAY)}) if path.endswith("/history") else ({},)
            ):
                yield path, http.get(path.replace(name, own) if name else path, params=query).text
    with http.stream("GET", "/stream", headers={"Last-Event-ID": "0.0"}) as lines:
        text = ""
        for line in lines.iter_lines():
            text += line + "\n"
            if last in line:
                break
        yield "/stream", text


def test_nobody_but_the_approver_finds_a_penalty(fined: tuple[Site, str, dict[str, Any]]) -> None:
    site, key, one = fined
    with site.client(key) as gm:
        said = {"by": "gm-1", "amount_fen": CONFIRMED, "reason": "漏点未查明", "bearer_ref": "kf-3"}
        answer = gm.post(f"/penalties/{one['id']}/confirm", json=said)
        assert answer.status_code == 202, answer.text
        decision = answer.json()["event_id"]
        (now,) = until(lambda: gm.get("/penalties", params={"state": "confirmed"}).json())
        assert (now["amount_fen"], now["reason"], now["decided_by"]) == (CONFIRMED, "漏点未查明", "gm-1")
        history = gm.get(f"/cases/{one['case_id']}/history").json()
        verdict = next(v for v in history["verdicts"] if v["type"] == "penalty.proposed")
        assert verdict["data"]["amount_fen"] == PROPOSED
        assert gm.get(f"/promises/{verdict['event_id']}/explain").status_code == 200
    ordinary, admin = site.key(), site.key("boss", admin=True)
    with site.client(ordinary) as http:
        last = http.post("/events", json=complaint("last", site.now())).json()["event_id"]
    with site.client(key) as gm, signed_in(site, key) as browser:
        assert "penalty.proposed" in dict(told(gm, last))["/stream"]
        assert gm.get(f"/cases/{one['case_id']}").json()["penalties"][0]["amount_fen"] == CONFIRMED
        assert "34567" in found_in(gm.get(f"/cases/{one['case_id']}").text, AMOUNTS)
        assert "345.67" in browser.get(f"/wall/cases/{one['case_id']}").text
    for other in (site.client(ordinary), site.client(admin), signed_in(site, ordinary)):
        with other as http:
            for path in (
                f"/promises/{verdict['event_id']}/explain",
                f"/wall/promises/{verdict['event_id']}/explain",
            ):
                assert http.get(path).status_code == 404
            walked = {"/openapi.json"}
            for path, text in told(http, last):
                walked.add(path)
                if path == "/penalties":
                    assert json.loads(text)["status"] == 403
                elif path in APPROVAL:
                    assert "此页仅限处罚审批人" in text
                    assert found_in(text, AMOUNTS[:4]) == [], path
                else:
                    assert found_in(text, AMOUNTS) == [], path
                    assert decision not in text, path
                    assert verdict["event_id"] not in text, path
            assert len(walked) > 20
            assert walked >= set(APPROVAL)
            assert 'href="/wall/penalties"' not in http.get("/").text


def test_that_one_was_taken_back_is_told_to_the_approver_alone(
    fined: tuple[Site, str, dict[str, Any]],
) -> None:
    site, key, one = fined
    withdrawal = {
        "specversion": "1.0",
        "id": "w",
        "type": "event.withdrawn",
        "time": format_instant(site.now()),
        "correctssourceid": "c1",
        "data": {},
    }
    with site.client(site.key()) as http, site.client(key) as gm:
        assert http.post("/events", json=withdrawal).status_code == 202
        assert until(lambda: gm.get("/penalties").json() == [])
        last = http.post("/events", json=complaint("last", site.now())).json()["event_id"]
        where = f"/cases/{one['case_id']}/history"
        mine = [v for v in gm.get(where).json()["verdicts"] if v["data"].get("penalty_id")]
        assert [v["type"] for v in mine] == ["penalty.proposed", "obligation.retracted"]
        theirs = dict(told(http, last))
        assert "obligation.retracted" in theirs["/stream"]  # of the matter's moving up
        for path in ("/stream", "/alerts", "/cases/{case_id}/history"):
            assert not [v["event_id"] for v in mine if v["event_id"] in theirs[path]], path
        assert not [v for v in http.get(where).json()["verdicts"] if v["data"].get("penalty_id")]
        alerts = {alert["verdict_id"] for alert in gm.get("/alerts").json()}
        assert alerts.isdisjoint(v["event_id"] for v in mine)


def test_deciding_is_the_approvers_and_stays_in_the_range(fined: tuple[Site, str, dict[str, Any]]) -> None:
    site, key, one = fined
    where = f"/penalties/{one['id']}"
    said = {"by": "gm-1", "amount_fen": CONFIRMED}
    for other in (site.key(), site.key("boss", admin=True)):
        with site.client(other) as http:
            assert http.post(where + "/confirm", json=said).status_code == 403
            assert http.post(where + "/waive", json={"by": "x"}).status_code == 403
            raw = {
                "specversion": "1.0",
                "id": "own",
                "type": "penalty.waived",
                "time": format_instant(site.now()),
                "data": {"penalty_id": one["id"], "problem": one["problem"], "by": "x"},
            }
            answer = http.post("/events", json=raw)
            assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "type")
    with site.client(key) as gm:
        low = gm.post(where + "/confirm", json={**said, "amount_fen": 19999})
        assert (low.status_code, low.json()["errors"][0]["field"]) == (422, "amount_fen")
        assert gm.post("/penalties/none/waive", json={"by": "gm-1"}).status_code == 404
        assert gm.post(where + "/waive", json={"by": "gm-1", "objection": "客户改约"}).status_code == 202
        (now,) = until(lambda: gm.get("/penalties", params={"state": "waived"}).json())
        assert (now["amount_fen"], now["objection"]) == (0, "客户改约")
        assert gm.get("/persons/x/events").status_code == 403


def test_the_approver_decides_on_a_page(fined: tuple[Site, str, dict[str, Any]]) -> None:
    """What the page files is what the API files; a decision that was not seen is not overruled."""
    site, key, one = fined
    where = f"/wall/penalties/{one['id']}"

    def state() -> tuple[str, int]:
        with site.client(key) as gm:
            (now,) = gm.get("/penalties").json()
        return now["state"], now["amount_fen"]

    def decision() -> str:
        with site.client(key) as gm:
            return str(gm.get("/penalties").json()[0]["decision"])

    def stands(seen: str) -> bool:
        return decision() == seen

    with form(site, key) as page:
        drawn = page.get("/wall/penalties").text
        assert "① 投诉未解决" in drawn
        assert "234.57 元" in drawn
        assert "待审批" in drawn
        assert 'href="/wall/penalties"' in page.get("/").text

        def post(at: str = where, **said: str) -> str:
            site.let_pass(1_000)
            answer = page.post(at, data={"result": "confirm", "by": "gm-1", "amount": "345.67"} | said)
            assert answer.status_code == 204, answer.text
            return str(json.loads(answer.headers["HX-Trigger"])["touchline:said"]["text"])

        assert post(amount="three") == "金额请写成元，如 300 或 300.50"
        assert post(amount="19.99") == "金额须在 200.00 元 至 1000.00 元 之间"
        assert post(by=" ") == "请填写审批人代码"
        assert post(reason="漏点未查明", bearer_ref="kf-3") == "已记录：确认处罚"
        assert until(lambda: state() == ("confirmed", CONFIRMED))
        assert post(result="waive") == "已有新的审批结果，请看过再改"
        shown = page.get("/wall/penalties/board").text
        assert all(word in shown for word in ("345.67 元", "kf-3", "漏点未查明", "gm-1 审批于", "改判"))
        confirmed = decision()
        assert f'name="seen" value="{confirmed}"' in shown
        assert post(result="waive", objection="客户改约", seen=confirmed) == "已记录：免除"
        assert until(lambda: state() == ("waived", 0))
        waived = decision()
        assert page.post(where, data={"result": "undo"}).status_code == 404
        with site.client(site.key()) as http:
            gone = {"id": "w", "type": "event.withdrawn", "correctssourceid": "c1", "data": {}}
            kept = http.post(
                "/events", json={"specversion": "1.0", "time": format_instant(site.now()), **gone}
            )
            assert kept.status_code == 202, kept.text
        assert until(lambda: state()[0] == "unfounded")
        with site.client(key) as gm:
            assert "撤回审批" in page.get("/wall/penalties").text
            for seen in (waived, confirmed):  # the newest first; then the one before it stands there
                until(partial(stands, seen))
                (left,) = gm.get("/penalties").json()
                assert post(f"/wall/penalties/{left['id']}", result="undo", seen=seen) == "已记录：撤回审批"
            assert until(lambda: gm.get("/penalties").json() == [])
        assert "没有处罚提议" in page.get("/wall/penalties").text
    with form(site, site.key("boss", admin=True)) as other:
        assert other.get("/wall/penalties").status_code == 403
        assert other.post(where, data={"result": "waive", "by": "x"}).status_code == 403
    with form(site, key, "https://elsewhere.example") as foreign:
        assert foreign.post(where, data={"result": "waive", "by": "x"}).status_code == 403


def test_revoking_the_approvers_key_ends_its_session(timed: Site) -> None:
    key = timed.key("gm", approver=True)
    timed.key("gm")
    with signed_in(timed, key) as browser:
        assert browser.get("/penalties").status_code == 200
        timed.house.writer.call(lambda conn: access.revoke(conn, key))
        assert browser.get("/penalties").status_code == 401


def test_one_key_has_one_duty(timed: Site) -> None:
    with pytest.raises(ValueError, match="approver"):
        timed.key("gm", approver=True, admin=True)
    with pytest.raises(ValueError, match="approver"):
        timed.key("gm", approver=True, write_only=True)


def test_an_export_says_nothing_of_it(fined: tuple[Site, str, dict[str, Any]], tmp_path: Path) -> None:
    from producers.dossier import copied

    site, _, one = fined
    tenant = site.tenant()
    case = site.house.reading.cases.get(tenant, one["case_id"])
    assert case is not None
    raw = {
        "specversion": "1.0",
        "id": "d",
        "type": "penalty.confirmed",
        "time": format_instant(START - HOUR),
        "caseid": one["case_id"],
        "customerref": case["customer_ref"],
        "data": {
            "penalty_id": one["id"],
            "problem": one["problem"],
            "by": "gm-1",
            "amount_fen": CONFIRMED,
            "reason": "漏点未查明",
        },
    }
    kept = site.house.intake.submit_many(tenant, "gm", [raw], approver=True).result(60)
    assert getattr(kept[0], "place", 0), kept
    until(lambda: site.house.reading.penalties.find(tenant, state="confirmed"))
    lines = json.dumps(list(copied(site.house.ledger, tenant, case["customer_ref"])), ensure_ascii=False)
    assert "complaint.received" in lines
    assert [word for word in AMOUNTS if word in lines] == []
    shown = json.dumps(site.house.reading.histories.of(tenant, one["case_id"]), ensure_ascii=False)
    assert [word for word in AMOUNTS if word in shown] == []
