"""What the demo says when it is ready: where it is, the key, a complaint to post, five things to try."""

from __future__ import annotations

import json
import os
import shlex
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

from producers.simulator.estate import CALL_CENTRE, PROJECT
from producers.simulator.week import FORGOTTEN_TICKET, forgotten_start
from schemas.identity import case_id_of_ticket
from schemas.instants import HOUR, Instant, format_instant, show

_NOW = "'\"$(date -u +%Y-%m-%dT%H:%M:%SZ)\"'"
_TICKET = "'\"$T\"'"
"""Shell text that leaves the single quotes around the event for a moment."""
ENTERED_AT_LAST = "entered-at-last"
"""The id under which the forgotten visit is entered."""
USUAL = 8311


def curl(url: str, key: str, event: Mapping[str, object]) -> str:
    """A command line that posts one event."""
    body = json.dumps(event, ensure_ascii=False).replace("@NOW@", _NOW).replace("@T@", _TICKET)
    return (
        f"curl -sS -w '\\n' {url}/events -H 'Authorization: Bearer {key}' \\\n"
        f"    -H 'Content-Type: application/cloudevents+json' \\\n"
        f"    -d '{body}'"
    )


def complaint(url: str, key: str) -> str:
    """File a complaint under a ticket of its own."""
    event = {
        "specversion": "1.0",
        "id": "try-@T@",
        "type": "complaint.received",
        "time": "@NOW@",
        "ticket": "TRY-@T@",
        "projectid": PROJECT,
        "channel": "hotline",
        "data": {
            "description": "电梯又停了，家里有老人下不了楼。",
            "subject": "property",
            "category": "电梯故障",
            "customer": {"number": "KH20230001", "name": "林先生"},
        },
    }
    return curl(url, key, event)


def response(url: str, key: str) -> str:
    """Pass that complaint on, which is what a first response is."""
    event = {
        "specversion": "1.0",
        "id": "try-@T@-2",
        "type": "complaint.forwarded",
        "time": "@NOW@",
        "ticket": "TRY-@T@",
        "data": {"to_department": "property_co"},
    }
    return curl(url, key, event)


def forgotten(url: str, key: str, tenant: str, base: Instant) -> tuple[str, str, str]:
    """(case id, when the visit was made, the command that enters it at last)."""
    case = case_id_of_ticket(tenant, CALL_CENTRE, FORGOTTEN_TICKET)
    made = forgotten_start(base) + 6 * HOUR
    event = {
        "specversion": "1.0",
        "id": ENTERED_AT_LAST,
        "type": "followup.complaint_intake_completed",
        "time": format_instant(made),
        "caseid": case,
        "projectid": PROJECT,
        "channel": "phone_out",
        "actorrole": "cs_front_desk",
        "actorref": "qt-01",
        "data": {"reached": True, "content": "当天已回访，漏登记"},
    }
    return case, show(made), curl(url, key, event)


def again(url: str, folder: Path) -> str:
    """The command that starts this same demo once more."""
    port = urlsplit(url).port
    words = [f"--port {port}"] if port != USUAL else []
    words += [f"--data {shlex.quote(str(folder))}"] if folder != Path("data") else []
    return f'make run ARGS="{" ".join(words)}"' if words else "make run"


def welcome(
    url: str, link: str, key: str, folder: Path, tenant: str, base: Instant, *, entered: bool = False
) -> str:
    """The whole page of text, Chinese first. ``entered``: the forgotten visit is entered already."""
    case, made, enter = forgotten(url, key, tenant, base)
    touchline = ".venv/bin/touchline"
    data = "" if folder == Path("data") else f" --data {shlex.quote(str(folder))}"
    if entered:
        second = f"""  2. 补录：{FORGOTTEN_TICKET} 的接单回访（{made}）已经补录过：超时已撤回，记录仍在。可在第 5 步的页面查看。
     The forgotten visit has been entered already: its breach is retracted, and the record of it stays. See 5."""
    else:
        second = f"""  2. 补录：{FORGOTTEN_TICKET} 的接单回访在 {made} 做了，却没有人登记，已判超时。现在补录：超时被撤回，
     看板显示“补录达标”，超时的记录仍在。（到期后 5 分钟以内补记算按时，更晚才算补录。）
     A visit that was made in time and never entered stands as a breach. Enter it now: the breach is retracted, the wall
     says late entry, and the record of the breach stays. (Entered within 5 minutes of the due instant it counts as met.)
  {enter}"""
    return f"""
  云栖花园 · 时限看板   {url}
  一次性登录 sign in     {link}
  演示密钥 demo key      {key}

  投一条投诉：30 秒预警，60 秒超时。File a complaint: it warns after 30 s and is breached after 60 s.

  T=$(date +%s); {complaint(url, key)}

  五件可以试的事 Five things to try

  1. 在 60 秒内响应它（同一个终端）；处理完毕另有 4 分钟的时限。
     Answer it within the minute, in the same terminal; having it handled is another promise, of 4 minutes:
  {response(url, key)}

{second}

  3. 拔电源：kill -9 {os.getpid()}，再执行 {again(url, folder)}：不丢、不重、不变。
     Pull the plug, start again: nothing is lost, doubled or different.

  4. 核验 verify the record:   {touchline} verify{data}
     为什么在这时到期 why:      {touchline} promises --case {case}{data}   然后 then   {touchline} explain ID{data}

  5. 滑块：“当时发生了什么、当时知道什么”。The slider: what had happened, what did we know at …
     {url}/wall/cases/{case}

  Ctrl-C 结束 ends it.
"""
