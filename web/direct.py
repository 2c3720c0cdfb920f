"""A route whose function reads the request by itself: what FastAPI solves for a function costs as much as an event."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, cast

from fastapi import Request
from fastapi.responses import Response
from fastapi.routing import APIRoute

from web.auth import Caller, caller


class Direct(APIRoute):
    """For functions of (request, who: AnyCaller) that answer with a Response. Its parameters are declared for the
    description only; they are what ``caller`` reads."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        answer = cast(Callable[[Request, Caller], Awaitable[Response]], self.endpoint)

        async def handle(request: Request) -> Response:
            return await answer(request, await caller(request))

        return handle
