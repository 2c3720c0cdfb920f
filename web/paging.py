"""Lists are plain arrays; a ``Link`` header with rel="next" (RFC 8288) leads on when there may be more."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Depends, Query, Request
from fastapi.dependencies.models import Dependant
from fastapi.responses import JSONResponse

from schemas.instants import parse_instant
from web.auth import AnyCaller
from web.problems import Refused

Limit = Annotated[int, Query(ge=1, le=500, description="at most so many")]
After = Annotated[
    str | None,
    Query(
        max_length=200, description="go on after this position; take it from the `Link` of the page before"
    ),
]


_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_.\[\]-]{0,39}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Paged:
    """Which page of a list was asked for."""

    request: Request
    limit: int
    position: str | None

    @property
    def after(self) -> str | None:
        """The position as a reader takes it. 422 for what is none."""
        return checked(self.position)

    def listed(
        self, found: Sequence[dict[str, Any]], position: Callable[[dict[str, Any]], str]
    ) -> JSONResponse:
        """The page as an answer; see ``listed``."""
        return listed(self.request, found, self.limit, position)


async def paged(request: Request, limit: Limit = 100, after: After = None) -> Paged:
    """As a dependency: a plain function would cost a thread."""
    return Paged(request, limit, after)


Paging = Annotated[Paged, Depends(paged)]


def _asked(operation: Dependant) -> Iterator[str]:
    """Names of the query parameters of an operation and of what it depends on."""
    yield from (field.alias for field in operation.query_params)
    for inner in operation.dependencies:
        yield from _asked(inner)


async def known_only(request: Request, who: AnyCaller) -> None:
    """A dependency of whole rooms: 422 for each query parameter that the operation does not have. A filter with a
    slip of the pen must not answer with everything. Who is not let in learns nothing of parameters."""
    known = sorted({*_asked(request.scope["route"].dependant)})
    unknown = dict.fromkeys(name for name in request.query_params if name not in known)
    if not unknown:
        return
    en = (
        f"no such parameter; known: {', '.join(known)}" if known else "no such parameter; there are none here"
    )
    zh = f"没有这个参数；可用参数：{'、'.join(known)}" if known else "没有这个参数；此处不接受任何参数"
    # a name that is no name may be anything, a telephone number too
    fields = dict.fromkeys(name if _NAME.fullmatch(name) else "?" for name in unknown)
    raise Refused(
        422,
        "unknown_parameter",
        "; ".join(f"{field}: {en}" for field in fields),
        errors=[{"field": field, "reason": en, "reason_zh": zh} for field in fields],
    )


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
            422,
            "bad_position",
            "not a position; take it from the Link header",
            "翻页位置无效；请取自 Link 响应头",
            field="after",
        ) from None
    return f"{at},{last}"
