"""The command line's way in: one process owns a data folder, so commands that write go through its server.

The token stands in ``server.json`` (readable by the owner alone) and changes with each start.
"""

from __future__ import annotations

import hmac
from typing import Annotated, Any

from fastapi import APIRouter, Body, Request
from fastapi.concurrency import run_in_threadpool

from ledger.errors import Busy, NotKept, Stopped
from web.auth import challenge, services_of
from web.problems import Refused, not_found

routes = APIRouter(include_in_schema=False)


@routes.post("/admin/{command}")
async def call(request: Request, command: str, arguments: Annotated[dict[str, Any], Body()]) -> Any:
    """Run a command in a thread; its answer is plain JSON, a refusal too. 404 for one that is none."""
    admin = services_of(request).admin
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    good = admin is not None and hmac.compare_digest(token.strip().encode(), admin.token.encode())
    if admin is None or scheme.lower() != "bearer" or not good:
        raise challenge("the token of server.json is needed", "需要 server.json 中的令牌")
    try:
        return await run_in_threadpool(admin.call, command, arguments)
    except (Busy, Stopped, NotKept) as error:
        raise Refused(
            503, "not_kept", str(error), "未能保存, 请稍后重试", headers={"Retry-After": "1"}
        ) from None
    except LookupError:
        raise not_found("command", "命令") from None
