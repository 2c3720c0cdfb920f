"""One server on one data folder: the port, the rooms, the announcement in server.json, and a clean end."""

from __future__ import annotations

import gc
import os
import signal
import socket
from collections.abc import Callable
from contextlib import ExitStack, suppress
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import structlog
from sqlalchemy.exc import DBAPIError

from alerts.query import AlertsQuery
from ledger.clock import behind
from ledger.errors import HeldElsewhere, NotKept, Stopped, trouble
from ledger.feeding import KAFKA
from ledger.folder import ServerInfo, remove_server, write_server
from ledger.lanes import engine_state
from projections.rebuild import Far
from projections.store import OtherFold
from schemas.canonical import Json
from schemas.instants import show
from touchline import logs, telemetry
from touchline.door import listening as listening
from touchline.exits import Exit, Refused
from touchline.house import House
from touchline.options import say
from touchline.place import Place, folder_of
from touchline.settings import Settings, after_midnight
from web.app import create_app
from web.server import Server
from web.services import Services, WebSettings

AGAIN = 2.0
"""Seconds until a rebuild that could not be made is tried again."""
SHORTEST = 24
"""Characters of the operator's token for /metrics."""


def serve(place: Place, door: socket.socket, *, alerts: bool = True) -> None:
    """``touchline up``: returns after Ctrl-C or SIGTERM, when all that was begun is done. Without ``alerts`` another process
    sends them."""
    settings = Settings.of(folder_of(place))
    logs.configure(settings.log_format)
    with ExitStack() as rooms:
        rooms.callback(telemetry.start("touchline-gateway"))
        house = rooms.enter_context(House.open(place, settings))
        run(house, door, lambda url: say(f"Touchline 已启动：{url}", "(Ctrl-C 结束 ends it)"), alerts=alerts)


def url_of(door: socket.socket) -> str:
    """Where people and programs find it."""
    host, port = door.getsockname()[:2]
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # on every address: on this one too
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def run(
    house: House,
    door: socket.socket,
    ready: Callable[[str], None],
    *,
    demo: bool = False,
    alerts: bool = True,
) -> None:
    """Engine, alerts and HTTP on an open house, until a signal ends them. ``ready`` is told the URL once it serves."""
    refuse_a_clock_behind(house)
    gc.freeze()  # what was imported; from here on garbage is found as soon as there is some
    gc.set_threshold(50_000, 20, 20)
    url = url_of(door)
    if alerts:
        house.ring(house.settings.public_url or url)
    house.start()
    if house.fed() == KAFKA:
        say(
            "判定由 Kafka 工作进程进行（feed = kafka），本进程不运行引擎。",
            "Kafka's workers decide (feed = kafka): this process runs no engine.",
        )
    if house.stale:
        say(
            "读表属于另一版规则：正在重建；写入照常，查询暂答 503。",
            "The tables belong to other rules and are being rebuilt; writing goes on, queries answer 503 for now.",
        )
        house.rebuilds.start(lambda: _renew(house))
    server = Announcing(house, url, ready, demo=demo)
    ends = {number: signal.signal(number, signal.SIG_IGN) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        server.run(sockets=[door])
    finally:
        if not house.database.shared:
            remove_server(house.folder)
        for number, before in ends.items():
            signal.signal(number, before)
    say("Touchline 已停止。", "Stopped.")


class Announcing(Server):
    """The web server, which says where it is as soon as it answers."""

    def __init__(self, house: House, url: str, ready: Callable[[str], None], *, demo: bool) -> None:
        super().__init__(create_app(services(house, demo=demo)))
        self._house = house
        self._url = url
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            if not self._house.database.shared:
                info = ServerInfo(os.getpid(), self._url, self._house.admin.token)
                write_server(self._house.folder, info)
            self._ready(self._url)


def refuse_a_clock_behind(house: House) -> None:
    """Raises Refused where the machine's clock is behind what was already recorded."""
    with house.database.read() as conn:
        last = max(
            (
                max(house.ledger.head(conn, t).recorded, engine_state(conn, t).verdict_recorded)
                for t in house.ledger.tenants()
            ),
            default=0,
        )
    if behind(house.clock, last):
        raise Refused(
            Exit.UNAVAILABLE,
            f"系统时钟（{show(house.clock.wall())}）落后于最后的记录（{show(last)}）：请先校正时钟。",
            f"The clock ({show(house.clock.wall())}) is behind the last record ({show(last)}): set it right first.",
        )


def metrics_token(settings: Settings) -> str:
    """The operator's token for /metrics; "" where none is set. Raises Refused for a file of no use."""
    name = settings.metrics_token_file
    if not name:
        return ""
    try:
        found = Path(name).read_text(encoding="ascii").strip()
    except (OSError, ValueError) as error:
        raise Refused(
            Exit.UNAVAILABLE,
            f"指标令牌文件 {name} 无法读取：请检查 TOUCHLINE_METRICS_TOKEN_FILE。",
            f"The token file {name} cannot be read ({type(error).__name__}): see TOUCHLINE_METRICS_TOKEN_FILE.",
        ) from None
    if len(found) < SHORTEST or not found.isprintable() or " " in found:
        raise Refused(
            Exit.UNAVAILABLE,
            f"指标令牌须为至少 {SHORTEST} 个字符的一个词：例如 openssl rand -hex 32 > {name}",
            f"The token must be one word of {SHORTEST} characters or more, e.g. openssl rand -hex 32 > {name}",
        )
    return found


def services(house: House, *, demo: bool = False) -> Services:
    """What the web room is handed."""
    settings = house.settings
    return Services(
        ledger=house.ledger,
        intake=house.intake,
        persons=house.persons,
        inbox=house.inbox,
        reading=house.reading,
        alerts=AlertsQuery(house.database),
        progress=house.progress,
        clock=house.clock,
        settings=WebSettings(
            secret=house.session_secret(),
            metrics_token=metrics_token(settings),
            version=_version(),
            demo=demo,
            titles=settings.titles,
            body_limit=settings.body_limit,
            batch_limit=settings.batch_limit,
            rate=settings.rate,
            burst=settings.burst,
            public_url=settings.public_url,
            **({} if settings.daily_note == "off" else {"note_at": after_midnight(settings.daily_note)}),
        ),
        runner_status=house.status,
        admin=house.admin,
    )


def _renew(house: House) -> Json:
    """After an upgrade: intake goes on, deadlines and reads wait until the tables are folded by these rules."""
    log = structlog.get_logger("rebuild")
    log.info("rebuild_begun", why=house.stale)
    said = 0

    def tell(far: Far) -> None:
        nonlocal said
        status = house.rebuilds.status()
        if (tenth := status.get("percent", 0) // 10) > said:
            said = tenth
            log.info("rebuilding", **status)

    while house.stale:
        try:
            report = house.rebuild(tell, alone=True)
        except HeldElsewhere:  # it rebuilds, or runs the other version still
            house.rebuilds.wait(AGAIN)
            with suppress(OtherFold):
                house.adopt(house.reopened())
        except (NotKept, DBAPIError) as error:  # a full disk, or the database is away
            log.error("rebuild_not_kept", detail=str(error) if isinstance(error, NotKept) else trouble(error))
            house.rebuilds.wait(AGAIN)
        except Exception as error:
            if not isinstance(error, Stopped):
                log.error("rebuild_failed", error=type(error).__name__, detail=str(error))
            raise
        else:
            log.info("rebuilt", facts=report["facts"], verdicts=report["verdicts"], set=report["new_set"])
            return report
    return None


def _version() -> str:
    try:
        return version("touchline")
    except PackageNotFoundError:
        return ""
