"""Is it alive, is it ready: for supervisors and load balancers, without a key and without saying anything of customers."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse, Response

from ledger.tenants import Tenant
from schemas.instants import Day, day_of, iso_day
from web.auth import House
from web.problems import progress
from web.services import Services

routes = APIRouter(tags=["operations"])


@routes.get("/healthz", summary="Is the process alive", responses={200: {"description": "It is"}})
async def healthz(services: House) -> dict[str, str]:
    return {"status": "ok", "version": services.settings.version}


def reasons(services: Services) -> list[dict[str, str]]:
    """What is not ready: engine stopped, clock in doubt, rebuild, database not readable."""
    found: list[dict[str, str]] = []

    def add(what: str, reason: str, reason_zh: str) -> None:
        found.append({"what": what, "reason": reason, "reason_zh": reason_zh})

    status = services.runner_status()
    if not status.get("running"):
        why = str(status.get("error") or "not started")
        add("engine", f"the engine does not run: {why}", f"引擎未运行：{why}")
    if status.get("clock_doubted"):
        add("clock", "the clock is in doubt: nothing is concluded", "时钟存疑，已暂停判定")
    if not status.get("running") and (failed := status.get("rebuild_failed")):
        add("rebuild", f"the rebuild failed: {failed}", f"重建失败：{failed}")
    if far := status.get("rebuild"):
        add("rebuild", f"rebuilding: {progress(far)}", f"正在重建：{progress(far)}")
    try:
        services.ledger.tenants()
    except Exception as error:
        add("ledger", f"the ledger cannot be read: {type(error).__name__}", "账本无法读取")
    return found


SOON = 45
"""Days before a calendar's end from which on that is said: limits of a month run over it."""


def ending(services: Services, tenant: Tenant) -> dict[str, Day]:
    """Calendar -> its last day, where that comes soon or has passed."""
    today = day_of(services.clock.now())
    found = services.reading.published.horizons(tenant)
    return {name: last for name, last in sorted(found.items()) if last - today < SOON}


def warnings(services: Services) -> list[dict[str, str]]:
    """What is ready and will not do for long: a calendar without data of the coming year, named with the year."""
    ends: dict[str, Day] = {}
    try:
        for tenant in services.ledger.tenants():
            for name, last in ending(services, tenant).items():
                ends[name] = min(last, ends.get(name, last))
    except Exception:  # what cannot be read is among the reasons
        return []
    return [
        {
            "what": "calendar",
            "calendar": name,
            "year": iso_day(last + 1)[:4],
            "reason": f"calendar {name} ends with {iso_day(last)}: promises behind it stand undated",
            "reason_zh": f"日历 {name} 只到 {iso_day(last)}，之后到期的时限待定",
        }
        for name, last in sorted(ends.items())
    ]


@routes.get(
    "/readyz",
    summary="Is everything ready",
    description="503 lists what is not ready; events may be taken all the same. `warnings`: what is ready and will not "
    "do for long, such as a calendar that ends soon.",
    responses={200: {"description": "It is"}, 503: {"description": "What is not ready"}},
)
async def readyz(services: House, request: Request) -> Response:
    found: list[dict[str, Any]] = list(await run_in_threadpool(reasons, services))
    if request.app.state.bell.stopping:
        found.append({"what": "server", "reason": "the server is stopping", "reason_zh": "服务正在停止"})
    if not found:
        soon = await run_in_threadpool(warnings, services)
        return JSONResponse({"status": "ready", "reasons": [], "warnings": soon})
    return JSONResponse({"status": "not_ready", "reasons": found}, 503, headers={"Retry-After": "2"})
