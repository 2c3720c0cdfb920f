"""The worker's first feed: Faust's consumer on the facts topic. No tables, no store on disk, no web, no leader topic, nothing
exactly-once: what is exact is the engine's own transaction.

Faust brings the group, its rebalances, the consumer in a thread of its own and the commits. What was fetched is handed over as
it was fetched, by partition: Faust's way from there through conductor, channel, stream and agent makes half a dozen objects and
two tasks of each record, four fifths of what its bare loop costs, and brings nothing that is used here (ADR 36).

What Faust does that matters here: an error in what it calls is swallowed or told as its own, so ours ends the process; it tells
that a rebalance is complete before it has sought, which nothing here builds on; its loop must not wait, so nothing here
touches SQL. Its committed offset only decides which records are sent again: where a tenant goes on is what its engine row says.
"""

from __future__ import annotations

import asyncio
import warnings
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from contextlib import suppress
from tempfile import TemporaryDirectory
from typing import Any, cast

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # of Faust's own making, at import
    import faust
    from faust.transport.drivers.aiokafka import AIOKafkaConsumerThread, Consumer, Transport
    from mode.threads import WorkerThread

from ledger.brokers import tenant_of
from processors.transport import AGAIN, METADATA, MOST, ClientDied, Reached, reachable, records
from processors.worker import Worker

LOOK = 0.25
"""Seconds between two looks at whether Faust still runs."""
STARTING = 30.0
"""Seconds that Faust has for its start while a broker answers. A group that it has no right to, or whose members deal out
otherwise, lets it neither in nor go on: it waits for ever."""
LEAVING = 10.0
"""Seconds that Faust has for its own end."""
IDLE = 10 * 365 * 24 * 3600.0
"""Seconds without a record after which its client (aiokafka 0.14) leaves the group, for ever where it has no partition: by
Faust's default a worker to spare would be none after a quarter of an hour."""
THREAD = 5.0
"""Seconds that its consumer's thread has for that."""


class _Thread(WorkerThread):
    """The consumer's own. Faust waits for its end on the loop itself and without limit, and so does the interpreter."""

    def __init__(self, service: Any, **more: Any) -> None:
        super().__init__(service, **more)
        self.daemon = True

    def stop(self) -> None:
        self.is_stopped.wait(THREAD)


class _ConsumerThread(AIOKafkaConsumerThread):
    """Commits of what was handed over that which is still ours. Where a rebalance has left nothing of it, Faust's own commit
    takes the empty list for a fault and ends."""

    Worker = _Thread

    async def _commit(self, offsets: Any) -> bool:
        ours = self.assignment()
        mine = {part: offset for part, offset in offsets.items() if part in ours}
        return bool(mine) and await super()._commit(mine)


class _Consumer(Consumer):
    """Hands what was fetched to its transport's ``hand``."""

    def __init__(self, *given: Any, **more: Any) -> None:
        super().__init__(*given, **more)
        self._handed: dict[Any, int] = {}
        """By partition, the offset behind the last record that was handed over, as far as it is not committed."""

    def _new_consumer_thread(self) -> AIOKafkaConsumerThread:
        return _ConsumerThread(self, loop=self.loop, beacon=self.beacon)

    async def getmany(self, timeout: float) -> AsyncIterator[Any]:
        """Faust's own loop asks for messages here, again and again; it is given none."""
        hand = cast(_Transport, self.transport).hand
        found, active = await self._wait_next_records(timeout)
        for part, fetched in (found or {}).items():
            if fetched and self.flow_active and not self.should_stop and part in (active or ()):
                await hand(part.partition, fetched)
                self._handed[part] = fetched[-1].offset + 1
        nothing: tuple[Any, ...] = ()
        for one in nothing:  # what makes it the generator that is asked for
            yield one

    async def commit(self, topics: Any = None, start_new_transaction: bool = True) -> bool:
        handed, self._handed = self._handed, {}
        return bool(handed) and await self._commit(handed)

    def verify_event_path(self, now: float, tp: Any) -> None:
        """It would tell that nothing goes through its streams."""


class _Transport(Transport):
    Consumer = _Consumer

    def __init__(self, app: Any, hand: Callable[[int, Sequence[Any]], Awaitable[None]]) -> None:
        super().__init__(app.conf.broker_consumer, app)
        self.hand = hand


class Faust:
    """``processors.transport.Client``."""

    def __init__(self, worker: Worker, reached: Reached) -> None:
        self._worker = worker
        self._reached = reached
        self._scratch = ""
        """A folder that Faust makes although it keeps nothing in it; else it would stand where the process was started, which
        in a container is read-only."""
        self._loop: asyncio.AbstractEventLoop | None = None
        self._ended = asyncio.Event()
        self._asked = False
        self._failed: BaseException | None = None

    def end(self) -> None:
        self._asked = True
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._ended.set)

    def run(self) -> None:
        """Raises ClientDied, and what went wrong in the agent."""
        with warnings.catch_warnings():
            for ours in ("faust", "mode", "aiokafka"):
                warnings.filterwarnings("ignore", module=rf"{ours}(\.|$)")
            warnings.filterwarnings("ignore", category=DeprecationWarning)
            warnings.filterwarnings("ignore", message=r"Setting .* is deprecated since Faust")
            with TemporaryDirectory(prefix="touchline-faust-") as self._scratch:
                asyncio.run(self._run())
        if self._failed is not None:
            raise self._failed

    async def _run(self) -> None:
        self._loop = asyncio.get_running_loop()
        while not await asyncio.to_thread(reachable, self._reached.options["bootstrap_servers"]):
            if await self._end_within(AGAIN):
                await asyncio.to_thread(self._worker.stop)
                return
        app = self._app()
        app.finalize()
        starting = asyncio.create_task(self._start(app))
        until = self._loop.time() + STARTING
        try:
            while not self._ended.is_set() and not self._asked:
                if starting.done():
                    starting.result()
                    if app.crashed or app.should_stop:
                        raise ClientDied(
                            f"Faust stopped: {type(app.crash_reason).__name__}"
                        ) from app.crash_reason
                elif self._loop.time() > until:
                    raise ClientDied(
                        f"Faust has not started within {STARTING:.0f} s: no right to the group "
                        f"{self._reached.group}, or members of another kind in it"
                    )
                await self._end_within(LOOK)
        finally:
            await asyncio.to_thread(self._worker.stop)  # before the group is left
            starting.cancel()
            # not wait_for, which would wait for what does not let itself be cancelled
            await asyncio.wait({starting, asyncio.create_task(app.stop())}, timeout=LEAVING)

    async def _end_within(self, seconds: float) -> bool:
        with suppress(TimeoutError):
            await asyncio.wait_for(self._ended.wait(), seconds)
        return self._asked

    async def _start(self, app: Any) -> None:
        try:
            await app.start()
        except Exception as error:
            if not type(error).__module__.startswith(("aiokafka.", "faust.")):
                raise
            raise ClientDied(f"Faust could not start: {type(error).__name__}") from error

    def _app(self) -> Any:
        reached = self._reached
        app = faust.App(
            reached.group,
            broker=[f"kafka://{server}" for server in reached.options["bootstrap_servers"]],
            broker_credentials=_credentials(reached.options),
            broker_session_timeout=reached.session,
            broker_heartbeat_interval=reached.session / 4,
            broker_max_poll_records=MOST,
            broker_max_poll_interval=IDLE,
            consumer_auto_offset_reset="latest",
            consumer_metadata_max_age_ms=int(METADATA * 1000),
            table_standby_replicas=0,  # else Faust shares out by an assignor of its own (processors.transport)
            store="memory://",
            datadir=self._scratch,
            processing_guarantee="at_least_once",
            stream_wait_empty=False,
            topic_allow_declare=False,
            topic_disable_leader=True,
            web_enabled=False,
            autodiscover=False,
        )
        topic = app.topic(
            reached.topic, key_type=bytes, value_type=bytes, key_serializer="raw", value_serializer="raw"
        )

        async def facts(stream: Any) -> None:
            """So that Faust subscribes; nothing goes this way."""
            async for _ in stream:
                raise ClientDied("Faust took another way than it does")

        async def assigned(_: Any, *told: Any, **__: Any) -> None:
            now = set(self._tenants(told[0]))
            self._worker.revoke(self._worker.assignment() - now)
            self._worker.assign(now)

        async def revoked(_: Any, *told: Any, **__: Any) -> None:
            self._worker.revoke(self._tenants(told[0]))

        app.transport = _Transport(app, self._hand)
        app.agent(topic, concurrency=1, name="facts")(facts)
        signals: Any = app  # its types ask for what it does not send
        signals.on_partitions_assigned.connect(assigned)
        signals.on_partitions_revoked.connect(revoked)
        return app

    def _tenants(self, partitions: Iterable[Any]) -> list[int]:
        return [tenant_of(one.partition) for one in partitions if one.topic == self._reached.topic]

    async def _hand(self, partition: int, fetched: Sequence[Any]) -> None:
        try:
            if self._failed is None:
                await self._deliver(tenant_of(partition), fetched)
        except Exception as error:  # Faust would tell it as its own
            self._failed = error
            self.end()

    async def _deliver(self, tenant: int, fetched: Sequence[Any]) -> None:
        found = records(self._reached.ledger_id, fetched)
        if self._worker.crowded(tenant):  # it may wait for room, and the loop may not
            await asyncio.to_thread(self._worker.deliver, tenant, found)
        else:
            self._worker.deliver(tenant, found, patience=0.0)


def _credentials(options: Any) -> Any:
    """TLS and SASL as Faust is told them; None for neither."""
    context = options.get("ssl_context")
    if mechanism := options.get("sasl_mechanism"):
        return faust.SASLCredentials(
            username=options["sasl_plain_username"],
            password=options["sasl_plain_password"],
            mechanism=mechanism,
            ssl_context=context,
        )
    return faust.SSLCredentials(context) if context is not None else None
