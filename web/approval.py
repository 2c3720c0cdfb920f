"""处罚审批: proposed penalties as a page, where the approver decides on them (domain.md 3.5). Nobody else sees it."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Form, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import Response

from producers.penalties import OutOfRange, decision, undone
from projections.penalties import STATES
from schemas.fields import fen_of, yuan
from schemas.instants import Instant, parse_instant
from web.auth import Caller, House, session_of
from web.door import renew
from web.events import append_one
from web.figures import clear, near
from web.masthead import masthead
from web.pages import Page, Pages, SignedIn, Text, said
from web.problems import Refused, not_found
from web.services import Services
from web.words import Words

routes = APIRouter(include_in_schema=False)
PAGE = "/wall/penalties"
_TO_DECIDE = ("proposed", "waiting")
_OPEN, _DECIDED = 200, 30
"""Rows of a section: to be decided; decided."""
_WALL = {
    "proposed": "due_soon",
    "waiting": "pending",
    "confirmed": "met",
    "waived": "waived",
    "unfounded": "retracted",
}
"""State -> the wall state in whose colour and shape it is told."""
_SHORT = {"max_length": 200}


def board(services: Services, who: Caller, t: Words) -> dict[str, Any]:
    """Everything that the live part shows: what is to be decided first."""
    now = services.clock.now()
    sections = []
    for state in sorted(STATES, key=lambda state: state != "proposed"):
        most = _OPEN if state in _TO_DECIDE else _DECIDED
        found = services.reading.penalties.find(who.tenant, state=state, limit=most + 1)
        if found:
            sections.append(
                {
                    "code": state,
                    "state": _WALL[state],
                    "name": t(f"penalty.{state}"),
                    "hint": t(f"penalty.{state}.hint"),
                    "count": f"{most}+" if len(found) > most else len(found),
                    "more": most if len(found) > most else 0,
                    "rows": [row(one, now, t) for one in found[:most]],
                }
            )
    return {"now_ms": now // 1000, "sections": sections}


def row(one: dict[str, Any], now: Instant, t: Words) -> dict[str, Any]:
    """One penalty as the template places it."""
    said = {name: clear(one[name], t) if one[name] else "" for name in ("reason", "objection")}
    decided = (
        t("penalty.decided", who=one["decided_by"], at=near(parse_instant(one["decided"]), now, t))
        if one["decided"]
        else ""
    )
    return {
        **said,
        "id": one["id"],
        "name": one["en" if t.lang == "en" else "zh"] or t("penalty.waiting"),
        "bearer": t.label(one["bearer_role"]),
        "person": one["bearer_ref"] or "",
        "amount": "" if one["state"] in ("waiting", "waived", "unfounded") else yuan(one["amount_fen"]),
        "range": t("penalty.range", low=yuan(one["min_fen"]), high=yuan(one["max_fen"])),
        "sum": yuan(one["amount_fen"] or one["min_fen"]).removesuffix(" 元"),
        "flags": [t(f"penalty.{flag}") for flag in ("doubled", "outside", "review") if one[flag]],
        "level": t("moved.level", n=one["level"]),
        "house": one["house_id"] or "—",
        "project": one["project_id"] or "",
        "case_id": one["case_id"] or "",
        "opened": near(parse_instant(one["opened"]), now, t) if one["opened"] else "",
        "decided": decided,
        "decision": one["decision"] or "",
        "decides": one["state"] in ("proposed", "confirmed", "waived"),
        "again": one["state"] != "proposed",
        "undo": one["state"] == "unfounded",
    }


def closed(pages: Pages, t: Words) -> Response:
    return pages.render("missing.html", t, 403, what="approval.closed", more=t("approval.closed.hint"))


@routes.get(PAGE)
async def page(request: Request, services: House, who: SignedIn, pages: Page, t: Text) -> Response:
    """The whole page; 403 for everybody but the approver."""
    if not who.approver:
        return closed(pages, t)

    def drawn() -> Response:
        shown = {**masthead(services, t), **board(services, who, t)}
        return pages.render("approval.html", t, **shown, who=who)

    made = await run_in_threadpool(drawn)
    renew(made, services, session_of(request))
    return made


@routes.get(PAGE + "/board")
async def live(services: House, who: SignedIn, pages: Page, t: Text) -> Response:
    """The live part alone."""
    if not who.approver:
        return closed(pages, t)
    return await run_in_threadpool(lambda: pages.render("approval_board.html", t, **board(services, who, t)))


@routes.post(PAGE + "/{penalty_id}")
async def decide(
    services: House,
    who: SignedIn,
    t: Text,
    penalty_id: str,
    result: Annotated[Literal["confirm", "waive", "undo"], Form()],
    by: Annotated[str, Form(**_SHORT)] = "",
    amount: Annotated[str, Form(max_length=20)] = "",
    bearer_ref: Annotated[str, Form(**_SHORT)] = "",
    reason: Annotated[str, Form(max_length=2000)] = "",
    objection: Annotated[str, Form(max_length=2000)] = "",
    seen: Annotated[str, Form(max_length=64)] = "",
) -> Response:
    """Confirm, waive, or take a decision back, as the signed-in source says. ``seen``: the decision that stood when the page
    was drawn; where another stands by now nothing is filed: a second click and a second approver find what was decided."""
    if not who.approver:
        raise Refused(403, "approver_only", t("approval.closed"))
    found = await run_in_threadpool(services.reading.penalties.get, who.tenant, penalty_id)
    if found is None or found["state"] == "waiting" or (result == "undo") != (found["state"] == "unfounded"):
        raise not_found("penalty", "处罚")
    if (found["decision"] or "") != seen:
        return _told(t("approval.taken"), bad=True)
    if result != "undo" and not by.strip():
        return _told(t("approval.by.missing"), bad=True)
    try:
        raw = (
            undone(found, services.clock.now())
            if result == "undo"
            else decision(
                found,
                services.clock.now(),
                by=by.strip(),
                amount_fen=fen_of(amount) if result == "confirm" else None,
                bearer_ref=bearer_ref.strip(),
                reason=reason.strip(),
                objection=objection.strip(),
            )
        )
        await append_one(services, who, raw)
    except OutOfRange as error:
        return _told(t("approval.range", low=yuan(error.low), high=yuan(error.high)), bad=True)
    except ValueError:
        return _told(t("approval.sum"), bad=True)
    except Refused as problem:
        told = "reason" if t.lang == "en" else "reason_zh"
        return _told("; ".join(str(flaw[told]) for flaw in problem.errors) or t("today.failed"), bad=True)
    return _told(t(f"approval.done.{result}"))


def _told(text: str, *, bad: bool = False) -> Response:
    return Response(status_code=204, headers=said("touchline:said", text=text, bad=bad))
