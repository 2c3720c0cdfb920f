"""今日待办: whom to call or visit now, as a list for programs and as a page whose buttons file what came of it."""

from __future__ import annotations

from typing import Annotated, Any, Literal
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Form, Query, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import Response

from producers.today import MARKS, outcome
from projections.today import NOW, WHEN, Asked
from schemas.instants import SECOND, Instant, parse_instant, show
from web.auth import Caller, House, Reader, session_of
from web.door import renew
from web.events import append_one
from web.figures import clear, near, stamp, ticking
from web.masthead import masthead
from web.pages import Page, SignedIn, Text, said
from web.paging import Paging, known_only
from web.problems import Refused, answers, not_found
from web.services import Services
from web.shapes import WorkItem
from web.words import Words

routes = APIRouter()
_api = APIRouter(tags=["promises"], dependencies=[Depends(known_only)])
_pages = APIRouter(include_in_schema=False)
_EACH = 200
"""Rows of one section of the page; the section says how many more there are."""
_ABOUT = 60
_STATE = {"overdue": "breached", "today": "due_soon", "undated": "undated", "no_limit": "worklist"}
"""Section -> the wall state in whose colour and shape it is told."""
Person = Annotated[str, Query(max_length=200, description="who is in charge of it", examples=["kf-012"])]
Role = Annotated[str, Query(max_length=64, description="the role that owes it", examples=["cs_front_desk"])]
When = Literal["now", "all", "overdue", "today", "tomorrow", "later", "undated", "no_limit"]
Channel = Annotated[Literal["phone_out", "visit_home"], Form()]


@_api.get(
    "/worklist",
    summary="Whom to call or visit now",
    description="Running promises that a return visit discharges, by due instant: overdue and due today, or as `when` says. "
    "Names and telephone numbers are not in it; they stand in the case. "
    'Lists are arrays; `Link: <…>; rel="next"` leads on.',
    response_model=list[WorkItem],
    responses=answers(401, 403, 422, 503),
)
async def worklist(
    services: House,
    who: Reader,
    page: Paging,
    person: Person = "",
    role: Role = "",
    when: Annotated[When, Query(description="`now`: overdue and due today")] = "now",
) -> Response:
    asked = Asked(person=person, role=role, when=chosen(when))
    found = await run_in_threadpool(
        services.reading.worklist.find, who.tenant, asked, limit=page.limit, after=page.after
    )
    return page.listed(found, lambda one: f"{one['due'] or ''},{one['id']}")


def chosen(when: str) -> tuple[str, ...]:
    return NOW if when == "now" else () if when == "all" else (when,)


def board(services: Services, who: Caller, person: str, role: str, t: Words) -> dict[str, Any]:
    """Everything that the live part shows."""
    now = services.clock.now()
    told = services.reading.worklist.counts(who.tenant, Asked(person=person, role=role))
    sections = []
    for word in WHEN:
        if not told["counts"][word]:
            continue
        asked = Asked(person=person, role=role, when=(word,))
        found = services.reading.worklist.find(who.tenant, asked, limit=_EACH, named=True)
        sections.append(
            {
                "code": word,
                "state": _STATE.get(word, "pending"),
                "name": t(f"today.{word}"),
                "hint": t(f"today.{word}.hint"),
                "count": told["counts"][word],
                "more": max(0, told["counts"][word] - len(found)),
                "rows": [_row(one, now, t) for one in found],
            }
        )
    return {
        "now_ms": now // 1000,
        "sections": sections,
        "counts": [
            {
                "code": _STATE.get(word, "pending"),
                "group": word,
                "name": t(f"today.{word}"),
                "count": told["counts"][word],
            }
            for word in WHEN
        ],
        "person": person,
        "role": role,
        "query": urlencode({"person": person, "role": role}),
        "persons": [(code, code) for code in told["persons"]],
        "roles": [(code, t.label(code)) for code in told["roles"]],
        "marks": range(MARKS, 0, -1),
        "printed": show(now),
    }


def _row(one: dict[str, Any], now: Instant, t: Words) -> dict[str, Any]:
    due = parse_instant(one["due"]) if one["due"] else 0
    over = bool(due) and now > due
    about = " ".join(clear(one["about"], t).split()) if one["about"] else ""
    customer = {name: clear(value, t) if value else "" for name, value in one["customer"].items()}
    tried = ""
    if one["attempts"]:
        last = stamp(parse_instant(one["last_attempt"]))
        named = "today.tried.of" if one["tries"] else "today.tried"
        tried = t(named, n=one["attempts"], of=one["tries"], last=last)
    left = ticking(now - due if over else due - now + SECOND - 1000, t) if due else ""
    return {
        **one,
        "due_ms": due // 1000,
        "due_text": near(due, now, t) if due else "",
        "left_word": t("over") if over else t("left"),
        "left_text": left,
        "name": one["en"] if t.lang == "en" else one["zh"],
        "kind": t.label(one["case_kind"]) if one["case_kind"] else "",
        "owes": [t.label(role) for role in one["owes"]],
        "customer": customer,
        "about": about if len(about) <= _ABOUT else about[: _ABOUT - 1] + "…",
        "tried": tried,
    }


@_pages.get("/today")
async def page(
    request: Request,
    services: House,
    who: SignedIn,
    pages: Page,
    t: Text,
    person: Person = "",
    role: Role = "",
) -> Response:
    """The whole page."""

    def drawn() -> Response:
        shown = {**masthead(services, t), **board(services, who, person, role, t)}
        return pages.render("today.html", t, **shown, who=who)

    made = await run_in_threadpool(drawn)
    renew(made, services, session_of(request))
    return made


@_pages.get("/today/board")
async def live(
    request: Request,
    services: House,
    who: SignedIn,
    pages: Page,
    t: Text,
    person: Person = "",
    role: Role = "",
) -> Response:
    """The live part alone."""

    def drawn() -> Response:
        return pages.render("today_board.html", t, **board(services, who, person, role, t))

    part = await run_in_threadpool(drawn)
    renew(part, services, session_of(request))
    return part


@_pages.post("/today/visits/{promise_id}")
async def filed(
    services: House,
    who: SignedIn,
    t: Text,
    promise_id: str,
    round: Annotated[int, Form(ge=0, le=1_000_000)],
    result: Annotated[Literal["visited", "satisfied", "unsatisfied", "unreached"], Form()],
    mark: Annotated[int, Form(ge=0, le=MARKS)] = 0,
    channel: Channel = "phone_out",
    by: Annotated[str, Form(max_length=200)] = "",
) -> Response:
    """What came of a visit, as the signed-in source says. A second click finds it filed, and files nothing."""
    found = await run_in_threadpool(services.reading.worklist.find, who.tenant, Asked(promise_id=promise_id))
    if not found:
        if await run_in_threadpool(services.reading.promises.get, who.tenant, promise_id) is None:
            raise not_found("visit", "回访")
        return _told(t("today.taken"))
    try:
        raw = outcome(
            found[0],
            services.clock.now(),
            reached=result != "unreached",
            satisfied={"satisfied": True, "unsatisfied": False}.get(result),
            mark=mark if found[0]["asks"] and result != "unreached" else 0,
            round=round,
            channel=channel,
            by=by,
        )
        await append_one(services, who, raw)
    except ValueError:
        return _told(t("today.cannot"), bad=True)
    except Refused as problem:
        if problem.status == 409:  # another outcome of this round is kept
            return _told(t("today.taken"))
        reason = "reason" if t.lang == "en" else "reason_zh"
        return _told("; ".join(str(flaw[reason]) for flaw in problem.errors) or t("today.failed"), bad=True)
    return _told(t("today.missed" if result == "unreached" else "today.done"))


def _told(text: str, *, bad: bool = False) -> Response:
    return Response(status_code=204, headers=said("touchline:said", text=text, bad=bad))


routes.include_router(_api)
routes.include_router(_pages)
