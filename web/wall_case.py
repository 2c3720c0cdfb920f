"""A case on a time line, beside the wall or as a page: what had happened, what did we know."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import Response

from schemas.fields import yuan
from schemas.instants import Instant, format_instant, parse_instant
from web.auth import Caller, House
from web.cases import until_folded
from web.figures import OPEN, clear, content, near, promise_row, stamp, touchpoint, verdict
from web.figures import at as at_of
from web.masthead import masthead
from web.moments import instant
from web.pages import Page, SignedIn, Text
from web.services import Services
from web.words import Words

routes = APIRouter(include_in_schema=False)


def case_head(history: dict[str, Any], case_id: str, now: Instant, t: Words) -> dict[str, Any]:
    """The head of a case. Of one whose opening was withdrawn only that is left, and what its first touchpoint was."""
    case = history["case"]
    if case is None:
        first = min(history["touchpoints"], key=lambda fact: int(fact["place"]))
        name = first["en"] if t.lang == "en" and first.get("en") else first["zh"]
        return {
            "id": case_id,
            "kind_name": name,
            "ticket": "",
            "state": "withdrawn",
            "title": f"{t('case.withdrawn')} · {name}",
            "opened_text": "",
            "channel_name": "",
            "customer": {"name": "", "phone": ""},
            "about": "",
        }
    opened = at_of(case["opened"])
    kind = t.label(case["kind"]) or case["kind"]
    place = " ".join(part for part in (case["project_id"], case["house_id"]) if part)
    return {
        "id": case["id"],
        "kind_name": kind,
        "ticket": case.get("ticket") or "",
        "state": case["state"],
        "title": f"{kind} · {place}" if place else kind,
        "opened_text": near(opened, now, t) if opened else "",
        "channel_name": t.label(case.get("channel") or ""),
        **concerned(history, t),
    }


def concerned(history: dict[str, Any], t: Words) -> dict[str, Any]:
    """Whom a case concerns and what about, as its first standing touchpoints that say so tell it: who opens it is about to
    call."""
    told = sorted(
        (fact for fact in history["touchpoints"] if fact["state"] == "stands"),
        key=lambda one: int(one["place"]),
    )
    persons = [fact["data"].get("customer") or {} for fact in told]
    texts = (content(fact["data"], t)[0] for fact in told)
    return {
        "customer": {
            name: next((clear(one[name], t) for one in persons if one.get(name)), "")
            for name in ("name", "phone")
        },
        "about": " ".join(next((text for text in texts if text), "").split()),
    }


def moments(history: dict[str, Any], now: Instant) -> dict[str, list[str]]:
    """The slider's stops: instants at which something happened, the last of them now, and instants at which something
    was learned. None is ahead of now."""
    happened = {parse_instant(fact["time"]) for fact in history["touchpoints"]}
    happened |= {
        parse_instant(one["due"]) for one in history["promises"] if one["due"] and one["wall"] != "pending"
    }
    known = {parse_instant(entry["recorded"]) for entry in history["touchpoints"] + history["verdicts"]}
    return {
        "as_of": [format_instant(moment) for moment in sorted({m for m in happened if m < now} | {now})],
        "known_at": [format_instant(moment) for moment in sorted(known)],
    }


def figures(history: dict[str, Any], now: Instant, order: str, t: Words) -> dict[str, Any]:
    """Promises and time line of a history."""
    entries = [touchpoint(fact, order, t) for fact in history["touchpoints"]]
    entries += [verdict(one, order, t) for one in history["verdicts"]]
    entries.sort(key=lambda entry: (*entry["order"], entry["verdict"], entry["place"]))
    live = history["mode"] == "now"
    seen = now if live else parse_instant(history["at"])
    duties = [promise_row(one, seen, t, live=live) for one in history["promises"]]
    standing = sum(fact["state"] == "stands" for fact in history["touchpoints"])
    return {
        "touchpoints_text": t("case.touchpoints", n=standing),
        "moments": moments(history, now) if live else None,
        "duties": sorted(duties, key=lambda duty: OPEN.index(duty["wall"]) if duty["open"] else len(OPEN)),
        "entries": entries,
        "live": live,
        "penalties": [penalty(one, t) for one in history.get("penalties", ()) if live],
        "owned": history["ownership"] and ownership(history["ownership"], t),
        "moved": history["repetition"] and moved_up(history["repetition"], t),
    }


def moved_up(found: dict[str, Any], t: Words) -> dict[str, Any] | None:
    """The repetition ladder as the template places it; None where there was one report alone."""
    if len(found["reports"]) < 2:
        return None
    name = "en" if t.lang == "en" else "zh"
    return {
        "level": found["level"],
        "name": found[f"level_{name}"],
        "role": t.label(found["role"]),
        "from_case": found["converted_from"],
        "to_case": None if found["converted_from"] else found["linked_case_id"],
        "reports": [
            {
                "text": t("moved.nth", n=one["count"]) if one["counts"] else t("moved.not"),
                "kind": t.label(one["kind"]),
                "at": stamp(parse_instant(one["time"])),
                "up": one["level"] if one["level"] > one["from_level"] else 0,
                "why": one[name] or "",
                "flag": t.label(one["flag"] or one["why_not"] or ""),
                "said": one["said"] if one["said"] not in (None, one["count"]) else 0,
                "case": one["case_id"],
            }
            for one in found["reports"]
        ],
    }


def ownership(owned: dict[str, Any], t: Words) -> dict[str, Any]:
    """Who has a case as the template places it."""
    nobody = t("owner.nobody")
    return {
        "owner": owned["owner"] or nobody,
        "first": owned["first"] or nobody,
        "role": t.label(owned["first_role"]),
        "handovers": [
            {
                "from": one["from"] or nobody,
                "to": one["to"],
                "accepted": bool(one["accepted"]),
                "at": stamp(parse_instant(one["accepted"] or one["offered"])),
            }
            for one in owned["handovers"]
        ],
    }


def penalty(one: dict[str, Any], t: Words) -> dict[str, Any]:
    """A proposed penalty as the template places it, for the approver."""
    return {
        "id": one["id"],
        "name": one["en" if t.lang == "en" else "zh"] or t("penalty.waiting"),
        "bearer": t.label(one["bearer_role"]),
        "person": one["bearer_ref"] or "",
        "state": t(f"penalty.{one['state']}"),
        "amount": yuan(one["amount_fen"]),
        "doubled": bool(one["doubled"]),
    }


def _history(
    services: Services, who: Caller, case_id: str, mode: str, moment: Instant | None
) -> dict[str, Any] | None:
    """The approver's also with the penalties of the case as they are now."""
    happened = moment if mode == "as_of" else None
    known = moment if mode == "known_at" else None
    read = services.reading.histories.whole if who.approver else services.reading.histories.of
    return read(who.tenant, case_id, as_of=happened, known_at=known)


@routes.get("/wall/cases/{case_id}")
async def one_case(
    request: Request,
    services: House,
    who: SignedIn,
    pages: Page,
    t: Text,
    case_id: str,
    panel: int = 0,
    promise: Annotated[str, Query(max_length=80)] = "",
    after: Annotated[int | None, Query(ge=0, lt=2**63)] = None,
) -> Response:
    """``panel=1``: the part beside the wall; else a page of its own. ``after``: a place that must be folded first."""
    await until_folded(services, request.app.state.bell, who, after)
    found = await run_in_threadpool(_history, services, who, case_id, "now", None)
    if found is None or not (found["case"] or found["touchpoints"]):
        return pages.render("missing.html", t, 404, what="missing.case")
    now = services.clock.now()
    values = {
        **masthead(services, t),
        **figures(found, now, "time", t),
        "case": case_head(found, case_id, now, t),
        "chosen_promise": promise,
        "in_panel": bool(panel),
    }
    return pages.render("case.html" if panel else "case_page.html", t, **values)


@routes.get("/wall/cases/{case_id}/history")
async def replayed(
    services: House,
    who: SignedIn,
    pages: Page,
    t: Text,
    case_id: str,
    mode: Literal["now", "as_of", "known_at"] = "now",
    order: Literal["time", "recorded"] = "time",
    at: Annotated[str, Query(max_length=40)] = "",
    promise: Annotated[str, Query(max_length=80)] = "",
) -> Response:
    """Promises and time line, now or at a moment of the slider."""
    moment = instant(at, "at") if at and mode != "now" else None
    found = await run_in_threadpool(
        _history, services, who, case_id, mode if moment is not None else "now", moment
    )
    if found is None:
        return pages.render("missing.html", t, 404, what="missing.case")
    shown = figures(found, services.clock.now(), order, t)
    return pages.render("history.html", t, **shown, chosen_promise=promise)
