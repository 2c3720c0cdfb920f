"""Lists are plain arrays; a ``Link`` header with rel="next" (RFC 8288) leads on when there may be more."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Annotated, Any

from fastapi import Query, Request
from fastapi.responses import JSONResponse

from schemas.instants import parse_instant
from web.problems import Refused

Limit = Annotated[int, Query(ge=1, le=500, description="at most so many")]
After = Annotated[
    str | None,
    Query(
        max_length=200, description="go on after this position; take it from the `Link` of the page before"
    ),
]


def listed(
    request: Request, found: Sequence[dict[str, Any]], limit: int, position: Callable[[dict[str, Any]], str]
) -> JSONResponse:
    """The list, with the header when the page is full. ``position`` tells of the last item where to go on."""
    headers = {}
    if found and len(found) >= limit:
        onward = request.url.include_query_params(after=position(found[-1]))
        headers["Link"] = f'<{onward.path}?{onward.query}>; rel="next"'
    return JSONResponse(list(found), headers=headers)


def checked(after: str | None) -> str | None:
    """The position as a reader takes it: ``<RFC 3339 or nothing>,<id>``. 422 for anything else."""
    if after is None:
        return None
    at, comma, last = after.replace(" ", "+").rpartition(",")
    try:
        if not comma or not last:
            raise ValueError("not a position")
        if at:
            parse_instant(at)
    except ValueError:
        raise Refused(
            422, "bad_position", "not a position; take it from the Link header", "翻页位置无效", field="after"
        ) from None
    return f"{at},{last}"
