"""``If-Match`` for forms: keep the event only if nothing was added to its case since the form was shown.

The tag of a case is the place of its last fact. What the read model knows is looked up here; what came after the place
that it has decided is looked at by the ledger, in the transaction that keeps the event, so that no fact slips between.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from fastapi import Request

from ledger.candidate import Expected
from schemas.canonical import Json
from web.auth import Caller
from web.problems import Refused
from web.services import Services

_TAG = re.compile(r'"([0-9]{1,18})"')


def tag(place: int) -> str:
    """The ``ETag`` of a case."""
    return f'"{place}"'


def wanted(request: Request) -> int | None:
    """The place in ``If-Match``; None where there is none. 422 for anything but one strong tag of ours."""
    text = request.headers.get("if-match")
    if text is None:
        return None
    found = _TAG.fullmatch(text.strip())
    if found is None:
        raise Refused(
            422,
            "bad_tag",
            'If-Match takes the ETag of GET /cases/{id}, such as "42"',
            'If-Match 须为 GET /cases/{id} 的 ETag，例如 "42"',
            field="if-match",
        )
    return int(found[1])


def expected(services: Services, who: Caller, place: int, events: Sequence[Json]) -> Expected:
    """What to hold the ledger to. 422 where it is not one event that names its case."""
    event = events[0] if len(events) == 1 else None
    case = event.get("caseid") if isinstance(event, dict) else None
    if not isinstance(case, str) or not case:
        raise Refused(
            422,
            "no_case",
            "If-Match goes with one event that names its caseid",
            "If-Match 只用于单个事件，且须给出 caseid",
            field="if-match",
        )
    newest, decided = services.reading.cases.place(who.tenant, case)
    return Expected(place=place, newest=newest, after=decided)
