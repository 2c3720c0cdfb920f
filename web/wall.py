"""时限看板: the deadline wall at /, its live part, and the acknowledgement of a breach."""

from __future__ import annotations

import json
from typing import Annotated, Any
from uuid import uuid4

from fastapi import APIRouter, Form, Query, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import Response

from processors.rules.satisfaction import month_of
from schemas.instants import Instant, civil_date, day_of, format_instant, iso_day, to_datetime
from web import defects, reports, satisfaction
from web.alerts import acknowledge
from web.auth import Caller, House, session_of
from web.door import renew
from web.events import append_one
from web.figures import OPEN, promise_row, weekday
from web.health import ending
from web.pages import Page, SignedIn, Text
from web.problems import Refused, not_found, progress
from web.services import Services
from web.words import Words

routes = APIRouter(include_in_schema=False)
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
_SETTLED = ("met", "met_late", "late_entry", "retracted")
_SINCE = ("undated", "worklist")
"""Without a due instant: what has been open longest comes first."""
_EACH, _ONE = 60, 300
_FEW = 12
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
        "dead": services.inbox.letters.standing(tenant)["dead"],
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


def masthead(services: Services, t: Words) -> dict[str, Any]:
    now: Instant = services.clock.now()
    day = civil_date(day_of(now))
    return {
        "now_ms": now // 1000,
        "clock": to_datetime(now).strftime("%H:%M:%S"),
        "today": f"{day.month}月{day.day}日 {weekday(day, t)}"
        if t.lang == "zh"
        else f"{weekday(day, t)} {day:%d %b}",
        "demo": services.settings.demo,
    }


Chosen = Annotated[str, Query(alias="wall", max_length=20)]


def valid(chosen: str) -> str:
    return chosen if chosen in CHIPS else "all"


@routes.get("/")
async def wall(
    request: Request, services: House, who: SignedIn, pages: Page, t: Text, chosen: Chosen = "all"
) -> Response:
    """The whole page."""

    def drawn() -> Response:
        shown = {**masthead(services, t), **board(services, who, valid(chosen), t)}
        return pages.render("wall.html", t, **shown, who=who, can_file=True)

    page = await run_in_threadpool(drawn)
    renew(page, services, session_of(request))
    return page


@routes.get("/wall/board")
async def live(
    request: Request, services: House, who: SignedIn, pages: Page, t: Text, chosen: Chosen = "all"
) -> Response:
    """The live part alone."""

    def drawn() -> Response:
        return pages.render("board.html", t, **board(services, who, valid(chosen), t))

    part = await run_in_threadpool(drawn)
    renew(part, services, session_of(request))
    return part


def said(event: str, **detail: object) -> dict[str, str]:
    """A word for the page's script."""
    return {"HX-Trigger": json.dumps({event: detail})}


@routes.post("/wall/promises/{promise_id}/acknowledge")
async def take_note(services: House, who: SignedIn, t: Text, promise_id: str) -> Response:
    """Acknowledge the standing breach of a promise."""
    found = await run_in_threadpool(services.reading.histories.explain, who.tenant, promise_id)
    standing = [
        one["verdict"]
        for one in (found or {}).get("announced", [])
        if one["kind"] == "breached" and one["standing"]
    ]
    if not standing:
        raise not_found("standing breach", "未撤回的超时")
    try:
        await acknowledge(services, who, standing[-1], None, None)
    except Refused as problem:
        return Response(
            status_code=204, headers=said("touchline:said", text=t("ack.failed"), bad=problem.status > 0)
        )
    return Response(status_code=204, headers=said("touchline:said", text=t("acked"), bad=False))


_FIELDS = {
    "houseid": "file.house",
    "actorref": "file.by",
    "data.description": "file.what",
    "data.customer.name": "file.name",
    "data.customer.phone": "file.phone",
}
"""Field of the event -> what the form calls it."""


def _field(name: str, t: Words) -> str:
    return t(_FIELDS[name]) if name in _FIELDS else name


@routes.post("/wall/complaints")
async def file_complaint(
    services: House,
    who: SignedIn,
    t: Text,
    description: Annotated[str, Form(max_length=2000)],
    house_id: Annotated[str, Form(max_length=64)] = "",
    name: Annotated[str, Form(max_length=64)] = "",
    phone: Annotated[str, Form(max_length=32)] = "",
    by: Annotated[str, Form(max_length=200)] = "",
) -> Response:
    """File a complaint from the page, as the signed-in source: the same event as by the API."""
    customer = {key: text.strip() for key, text in (("name", name), ("phone", phone)) if text.strip()}
    data: dict[str, Any] = {"description": description.strip()}
    if customer:
        data["customer"] = customer
    raw: dict[str, Any] = {
        "specversion": "1.0",
        "id": f"wall-{uuid4()}",
        "type": "complaint.received",
        "time": format_instant(services.clock.now()),
        "channel": "hotline",
        "actorrole": "cs_front_desk",
        "data": data,
    }
    raw |= {key: text.strip() for key, text in (("houseid", house_id), ("actorref", by)) if text.strip()}
    try:
        kept = await append_one(services, who, raw)
    except Refused as problem:
        lang = "reason" if t.lang == "en" else "reason_zh"
        text = "\n".join(
            f"{_field(flaw['field'], t)}{t('colon')}{flaw[lang]}" if flaw["field"] else flaw[lang]
            for flaw in problem.errors
        )
        return Response(status_code=204, headers=said("touchline:unfiled", text=text))
    return Response(
        status_code=204, headers=said("touchline:filed", case=kept["case_id"], place=kept["place"])
    )
