"""Why a promise is due when it is, as the wall shows it."""

from __future__ import annotations

import re
from typing import Any

from fastapi import APIRouter
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import Response

from schemas.instants import parse_instant
from web.auth import House
from web.figures import days_line, stamp
from web.pages import Page, SignedIn, Text
from web.words import Words

_ELAPSED = re.compile(r"\d+(min|h|d|mo|y)$")
"""Limits that no calendar of working days has a say in."""
routes = APIRouter(include_in_schema=False)


@routes.get("/wall/promises/{promise_id}/explain")
async def why(services: House, who: SignedIn, pages: Page, t: Text, promise_id: str) -> Response:
    """Why a promise is due when it is."""
    found = await run_in_threadpool(
        services.reading.histories.explain, who.tenant, promise_id, penalties=who.approver
    )
    if found is None or not found["promise"]:  # a verdict on something else has no due date to explain
        return pages.render("missing.html", t, 404, what="missing")
    return pages.render("explain.html", t, **explained(found, t))


def explained(found: dict[str, Any], t: Words) -> dict[str, Any]:
    """An explanation as the template places it."""

    def named(event: dict[str, Any]) -> dict[str, Any]:
        return {
            "title": t.label(event["type"]),
            "time_text": stamp(parse_instant(event["time"])),
            "role": t.role(str(event.get("role") or "")),
            "voided": event.get("voided", False),
        }

    policy, calendar = found.get("policy"), found.get("calendar")
    cut = found.get("cut")
    effective = str((policy or {}).get("effective_from") or "")
    return {
        "sentence": found["sentence_en" if t.lang == "en" else "sentence_zh"],
        "trigger": named(found["trigger"]) if found.get("trigger") else None,
        "policy": policy
        and {
            "key": policy.get("key", ""),
            "name": policy.get("en" if t.lang == "en" else "zh") or policy.get("zh") or "",
            "version": policy.get("version", ""),
            "effective": effective[:10],
        },
        "calendar": calendar,
        "days": days_line(calendar, t) if calendar else [],
        "elapsed": bool(_ELAPSED.match(str((policy or {}).get("limit") or ""))),
        "pauses": [_pause(pause) for pause in found.get("pauses") or []],
        "evidence": [named(event) for event in found.get("evidence") or []],
        "cut": cut
        and {
            "after": cut["after"],
            "recorded_text": stamp(parse_instant(cut["recorded"])) if cut.get("recorded") else "",
        },
    }


def _pause(pause: Any) -> str:
    if not isinstance(pause, dict):
        return str(pause)
    return " → ".join(stamp(parse_instant(text)) for text in (pause.get("start"), pause.get("stop")) if text)
