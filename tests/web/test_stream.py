"""GET /stream: one order for everybody, resumed without a gap, ended with the server."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.timeline import Timelines
from schemas.event import Event
from schemas.instants import DAY
from tests.web.site import Site, complaint, until
from web.problems import Refused
from web.stream import begin, merge


@contextmanager
def listening(site: Site, key: str, last: str = "", path: str = "/stream") -> Iterator[httpx.Response]:
    headers = {"Last-Event-ID": last} if last else {}
    with site.client(key) as http, http.stream("GET", path, headers=headers) as answer:
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith("text/event-stream")
        yield answer


def events(answer: httpx.Response) -> Iterator[dict[str, Any]]:
    """Each event of the stream with its id; comments are passed over."""
    fields: dict[str, Any] = {}
    for line in answer.iter_lines():
        if not line:
            if "data" in fields:
                yield {"id": fields.get("id", ""), "event": fields["event"], **json.loads(fields["data"])}
            fields = {}
        elif not line.startswith(":"):
            name, _, value = line.partition(": ")
            fields[name] = value


def take(answer: httpx.Response, number: int) -> list[dict[str, Any]]:
    found = []
    for event in events(answer):
        found.append(event)
        if len(found) == number:
            break
    return found


def told(site: Site, number: int) -> None:
    """So many verdicts stand in the lane."""
    until(lambda: site.house.progress.at(site.tenant().number)[1] >= number)


def whole(site: Site, key: str) -> list[dict[str, Any]]:
    """Both lanes from the beginning to where the engine is."""
    tenant = site.tenant()
    place = site.house.progress.at(tenant.number)
    with listening(site, key, "0.0") as answer:
        return take(answer, sum(place))


def settled(site: Site) -> tuple[int, int]:
    """Where the engine is once it has decided every fact."""
    tenant = site.tenant()

    def abreast() -> tuple[int, int] | None:
        with site.house.database.read() as conn:
            head = site.house.ledger.head(conn, tenant).place
        at = site.house.progress.at(tenant.number)
        return at if at[0] == head else None

    return until(abreast) or (0, 0)


def test_what_happens_now_arrives(site: Site) -> None:
    key = site.key()
    settled(site)
    with listening(site, key) as answer, site.client(key) as http:
        feed = events(answer)
        told = http.post("/events", json=complaint("c-1", site.now())).json()
        line = next(feed)
        assert line["event"] == "fact"
        assert line["type"] == "complaint.received"
        assert (line["event_id"], line["case_id"], line["place"]) == (
            told["event_id"], told["case_id"], told["place"],
        )  # fmt: skip
        assert line["promise_ids"]
        assert "渗水" not in json.dumps(line, ensure_ascii=False)


def test_it_goes_on_without_a_gap_after_a_restart(timed: Site) -> None:
    site, key = timed, timed.key()
    with site.client(key) as http:
        http.post("/events", json=[complaint(f"c-{n}", site.now()) for n in range(9)])
        settled(site)
        site.let_pass(3 * DAY)
        told(site, 9)
        http.post("/events", json=[complaint(f"d-{n}", site.now()) for n in range(9)])
    settled(site)
    before = whole(site, key)
    ids = [line["id"] for line in before]
    assert len(set(ids)) == len(ids)
    site.stop()
    site.start()
    with site.client(key) as http:
        http.post("/events", json=complaint("after", site.now()))
    settled(site)
    after = whole(site, key)
    keep = [{**line, "promise_ids": None} for line in before]
    assert [{**line, "promise_ids": None} for line in after][: len(keep)] == keep
    assert {line["event"] for line in before} == {"fact", "verdict"}
    for cut in (0, 7, len(ids) // 2, len(ids) - 1):
        with listening(site, key, ids[cut]) as answer:
            rest = take(answer, len(after) - cut - 1)
        assert [line["id"] for line in rest] == [line["id"] for line in after[cut + 1 :]]


def test_each_id_is_the_state_after_its_line(timed: Site) -> None:
    site, key = timed, timed.key()
    with site.client(key) as http:
        for n in range(3):
            http.post("/events", json=complaint(f"c-{n}", site.now()))
            settled(site)
            site.let_pass(DAY)
    told(site, 3)
    f = v = 0
    for line in whole(site, key):
        if line["event"] == "fact":
            f += 1
            assert line["place"] == f
        else:
            v += 1
            assert line["place"] == v
            assert line["after"] <= f
            assert line["promise_ids"]
            assert line["case_id"]
        assert line["id"] == f"{f}.{v}"
    assert v >= 3


def test_the_end_of_the_server_ends_the_stream(site: Site) -> None:
    key = site.key()
    with listening(site, key) as lanes, listening(site, key, path="/stream?as=wall") as wall:
        ended = []

        def read(answer: httpx.Response) -> None:
            for _ in answer.iter_lines():
                pass
            ended.append(answer)

        readers = [threading.Thread(target=read, args=(answer,)) for answer in (lanes, wall)]
        for reader in readers:
            reader.start()
        site.stop()
        for reader in readers:
            reader.join(60)
        assert len(ended) == 2
    site.start()


def test_the_page_is_told_that_something_changed(site: Site) -> None:
    key = site.key()
    settled(site)
    with listening(site, key, path="/stream?as=wall") as answer, site.client(key) as http:
        feed = events(answer)
        assert next(feed)["event"] == "changed"
        told = http.post("/events", json=complaint("c-1", site.now())).json()
        assert next(feed)["decided"] == told["place"]


@pytest.mark.parametrize("last", ["x", "1", "1.2.3", "-1.0", "999999.0", "0.999999", "１.0"])
def test_a_position_of_another_ledger_is_refused(site: Site, last: str) -> None:
    with site.client(site.key()) as http:
        answer = http.get("/stream", headers=httpx.Headers([(b"Last-Event-ID", last.encode())]))
        assert answer.status_code == 422
        assert answer.json()["errors"][0]["field"] == "Last-Event-ID"


def event(place: int, after: int, verdict: bool) -> Event:
    return Event(
        type="t",
        version=1,
        event_id=f"{verdict}{place}",
        time=0,
        recorded=0,
        place=place,
        after=after,
        verdict=verdict,
    )


@given(
    follows=st.lists(st.integers(1, 30), max_size=40).map(sorted),
    number=st.integers(30, 40),
    page=st.integers(1, 50),
    cuts=st.lists(st.tuples(st.integers(0, 40), st.integers(0, 40)), max_size=4),
)
def test_the_order_does_not_depend_on_pages_or_on_when_it_is_read(
    follows: list[int], number: int, page: int, cuts: list[tuple[int, int]]
) -> None:
    facts = [event(place, place, False) for place in range(1, number + 1)]
    verdicts = [event(place, after, True) for place, after in enumerate(follows, 1)]

    def read(heads: list[tuple[int, int]]) -> list[str]:
        """Read on to each pair of heads in turn, in pages."""
        f = v = 0
        seen = []
        for decided, said in heads:
            while True:
                lines = merge(
                    facts[f:decided][:page],
                    verdicts[v:said][:page],
                    f,
                    v,
                    whole=len(verdicts[v:said]) <= page,
                )
                if not lines:
                    break
                seen += [line.event_id for _, _, line in lines]
                f, v, _ = lines[-1]
        return seen

    everything = (number, len(verdicts))
    # an engine's transaction decides facts together with what it concludes up to them
    heads = [(f, sum(after < f for after in follows)) for f, _ in sorted(cuts) if f <= number]
    assert read([*heads, everything]) == read([everything])
    assert len(read([everything])) == number + len(verdicts)


def test_a_reader_without_a_position_begins_now() -> None:
    life = Timelines("x")
    assert begin("", (7, 3), life, 1) == (7, 3)
    assert begin("5.3", (7, 3), life, 1) == (5, 3)


def test_a_position_of_another_timeline_is_refused_though_the_place_exists_again() -> None:
    """The backup that was restored ended at fact 5 and verdict 2; by now the ledger is beyond what the reader had seen."""
    life = Timelines("x").began("restore", DAY, {1: (5, 2)})
    assert begin("5.2", (9, 4), life, 1) == (5, 2)
    assert begin(f"8.4.{life.mark}", (9, 4), life, 1) == (8, 4)
    for ahead in ("6.2", "5.3", "1.0.00000000"):
        with pytest.raises(Refused) as refused:
            begin(ahead, (9, 4), life, 1)
        assert "restored or copied" in refused.value.errors[0]["reason"]
    with pytest.raises(Refused) as refused:
        begin(f"10.4.{life.mark}", (9, 4), life, 1)
    assert "not a position" in refused.value.errors[0]["reason"]
