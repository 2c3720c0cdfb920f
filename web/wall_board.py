"""The live part of the wall: the promises by state, and a line for each of what else has to be seen at a glance."""

from __future__ import annotations

from typing import Any

from processors.rules.satisfaction import month_of
from schemas.instants import Instant, iso_day
from web import defects, reports, satisfaction
from web.auth import Caller
from web.figures import OPEN, promise_row
from web.health import ending
from web.problems import progress
from web.services import Services
from web.words import Words

CHIPS = (
    "breached",
    "unconfirmed",
    "due_soon",
    "pending",
    "undated",
    "met",
    "met_late",
    "late_entry",
    "retracted",
    "worklist",
)
ALL = CHIPS[:-1]
"""What stands on the whole wall: a duty without a limit has no place on it, and a chip of its own."""
_SINCE = ("undated", "worklist")
"""Without a due instant: what has been open longest comes first."""
_EACH, _FEW, _ONE = 60, 12, 300
"""Rows of a section when all are shown (open, settled), and when one is chosen."""


def board(services: Services, who: Caller, chosen: str, t: Words) -> dict[str, Any]:
    """Everything that the live part shows."""
    tenant, reading = who.tenant, services.reading
    now = services.clock.now()
    counts = reading.promises.counts(tenant)
    sections = []
    noted = notes(services, who)
    for code in ALL if chosen == "all" else (chosen,):
        if not counts.get(code):
            continue
        most = _ONE if chosen != "all" else _EACH if code in OPEN else _FEW
        if code in _SINCE:
            found = reading.promises.longest_open(tenant, code, most)
        elif code in OPEN:
            found = reading.promises.find(tenant, wall=code, limit=most)
        else:
            found = reading.promises.settled_lately(tenant, code, most)
        rows = []
        for promise in found:
            row = promise_row(promise, now, t)
            if code == "breached":
                row["ack"] = "done" if promise["acknowledged_by"] or promise["id"] in noted else "ask"
            rows.append(row)
        sections.append(
            {
                "code": code,
                "name": t(f"wall.{code}"),
                "hint": t(f"hint.{code}"),
                "count": counts[code],
                "rows": rows,
                "more": max(0, counts[code] - len(rows)) if chosen == "all" else 0,
            }
        )
    with services.ledger.database.read() as conn:
        head = services.ledger.head(conn, tenant).place
    decided = reading.engine.decided(tenant)[0]
    return {
        "now_ms": now // 1000,
        "chosen": chosen,
        "chips": chips(counts, t),
        "sections": sections,
        "decided": decided,
        "lag": max(0, head - decided),
        "status": status(services),
        "calendars": [f"{name} {iso_day(last + 1)[:4]}" for name, last in ending(services, tenant).items()],
        "parked": len(reading.engine.parked(tenant)),
        "dead": services.inbox.lists.standing(tenant)["dead"],
        "lateness": lateness(services, who, t),
        "figures": figures(services, who, now, t),
    }


def figures(services: Services, who: Caller, now: Instant, t: Words) -> list[dict[str, str]]:
    """This month's figures, and how many duties the sources cover: a line each."""
    month, of = month_of(now), t("figures.this_month")
    found = (
        ("figures.satisfaction", satisfaction.PAGE, of, satisfaction.line(services, who, month, t)),
        ("figures.defects", defects.PAGE, of, defects.line(services, who, month, t)),
        ("duties", reports.PAGE, "", reports.line(services, who)),
    )
    return [{"name": t(name), "href": href, "of": when, "text": text} for name, href, when, text in found]


def chips(counts: dict[str, int], t: Words) -> list[dict[str, Any]]:
    whole = sum(counts.get(code, 0) for code in ALL)
    made = [{"code": "all", "name": t("all"), "count": whole, "hint": ""}]
    return made + [
        {"code": code, "name": t(f"wall.{code}"), "count": counts.get(code, 0), "hint": t(f"hint.{code}")}
        for code in CHIPS
    ]


def status(services: Services) -> dict[str, Any]:
    found = services.runner_status()
    return {
        "running": bool(found.get("running")),
        "stopped": str(found.get("error") or ""),
        "clock_in_doubt": bool(found.get("clock_doubted")),
        "rebuild": progress(found["rebuild"]) if found.get("rebuild") else "",
    }


def lateness(services: Services, who: Caller, t: Words) -> dict[str, Any]:
    """Own lateness of the last alerts, as text."""
    found = services.alerts.lateness(who.tenant)

    def spoken(ms: int) -> str:
        return f"{ms} ms" if ms < 1000 else f"{ms / 1000:.1f} s" if ms < 60_000 else t.spell(ms * 1000)

    return {"count": found["count"], "p99": spoken(found["p99_ms"]), "max": spoken(found["max_ms"])}


def notes(services: Services, who: Caller) -> set[str]:
    """Promises whose newest breach somebody has taken note of."""
    newest: dict[str, bool] = {}
    for alert in services.alerts.list(who.tenant, limit=500):
        if alert["type"] in ("obligation.breached", "obligation.alert_step_reached"):
            newest[alert["promise_id"]] = newest.get(alert["promise_id"], False) or bool(
                alert["acknowledged_at"]
            )
    return {promise for promise, noted in newest.items() if noted}
