"""The API walked by a script that a stranger could have written from README.md: commands, HTTP and JSON, nothing imported."""

from __future__ import annotations

import http.client
import json
import subprocess
import sys
from collections.abc import Generator, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.touchline.commands import Server, serving

ROOT = Path(__file__).resolve().parents[2]
DEADLINE = 60.0  # of one request, one line of the stream and one command, in seconds
ONE = "application/cloudevents+json"
BATCH = "application/cloudevents-batch+json"
SOURCE = "call-centre"


def touchline(*words: str, code: int = 0) -> str:
    """What the command printed, with its complaints if it had any; it must have ended with ``code``."""
    done = subprocess.run(
        [sys.executable, "-X", "utf8", "-m", "touchline", *words],
        cwd=ROOT,
        capture_output=True,
        encoding="utf-8",
        timeout=2 * DEADLINE,
        check=False,
    )
    assert done.returncode == code, (words, done.stdout, done.stderr)
    return done.stdout if code == 0 else done.stdout + done.stderr


def example(kind: str, **attributes: Any) -> dict[str, Any]:
    """``touchline events example``, with some attributes of our own."""
    event: dict[str, Any] = json.loads(touchline("events", "example", kind))
    return event | attributes


def new_record(folder: Path) -> str:
    """A tenant of one source, as the README makes one; its key."""
    touchline("tenant", "add", "yunhe", "--data", str(folder))
    return touchline("key", "create", "--source", SOURCE, "--data", str(folder)).strip()


@dataclass(frozen=True, slots=True)
class Answer:
    """One response, read to its end."""

    status: int
    kind: str
    text: str

    @property
    def json(self) -> Any:
        return json.loads(self.text)

    def problem(self, status: int, field: str) -> dict[str, Any]:
        """The problem body: of this status, naming this field, with the reason in both languages."""
        assert (self.status, self.kind) == (status, "application/problem+json"), self.text
        body: dict[str, Any] = self.json
        assert body["status"] == status
        found = [error for error in body["errors"] if error["field"] == field]
        assert found, body
        assert found[0]["reason"]
        assert found[0]["reason_zh"]
        return body


@dataclass(frozen=True, slots=True)
class Api:
    """The server as one that holds a key sees it."""

    server: Server
    key: str

    @property
    def address(self) -> str:
        return self.server.info.url.split("//")[1]

    def ask(
        self, method: str, path: str, body: bytes | None = None, kind: str = ONE, key: str | None = None
    ) -> Answer:
        headers = {"Authorization": f"Bearer {self.key if key is None else key}"}
        if body is not None:
            headers["Content-Type"] = kind
        with closing(http.client.HTTPConnection(self.address, timeout=DEADLINE)) as wire:
            wire.request(method, path, body, headers)
            found = wire.getresponse()
            said = found.read().decode()
            return Answer(found.status, found.headers.get_content_type(), said)

    def get(self, path: str) -> Answer:
        return self.ask("GET", path)

    def post(self, content: object, kind: str = ONE) -> Answer:
        return self.ask("POST", "/events", json.dumps(content).encode(), kind)

    def kept(self, event: dict[str, Any]) -> dict[str, Any]:
        """The answer to an event that must be kept, after its place was folded."""
        answer = self.post(event)
        assert answer.status == 202, answer.text
        found: dict[str, Any] = answer.json
        assert found.keys() == {"event_id", "case_id", "place"}
        read = self.get(f"/cases/{found['case_id']}?after={found['place']}")
        assert read.status == 200, read.text
        return found

    def history(self, case: str, query: str = "") -> dict[str, Any]:
        answer = self.get(f"/cases/{case}/history{query}")
        assert answer.status == 200, answer.text
        found: dict[str, Any] = answer.json
        return found


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("mine")


@pytest.fixture(scope="module")
def api(folder: Path) -> Iterator[Api]:
    key = new_record(folder)
    assert key.startswith("tl_")
    with serving(folder) as server:
        yield Api(server, key)


@pytest.fixture(scope="module")
def complaint() -> dict[str, Any]:
    return example("complaint.received")


def test_the_example_is_kept_once_and_read_by_who_wrote_it(api: Api, complaint: dict[str, Any]) -> None:
    first = api.post(complaint)
    assert first.status == 202, first.text

    case, place = first.json["case_id"], first.json["place"]
    read = api.get(f"/cases/{case}?after={place}")
    assert read.status == 200
    assert (read.json["ticket"], read.json["source"]) == (complaint["ticket"], SOURCE)

    again = api.post(complaint)
    assert (again.status, again.json) == (202, first.json)

    other = api.post(complaint | {"houseid": "3-1-2302"})
    assert other.problem(409, "id")["event_id"] == first.json["event_id"]
    assert len(api.history(case)["touchpoints"]) == 1

    promises = api.get(f"/promises?case={case}").json
    assert promises
    assert {promise["case_id"] for promise in promises} == {case}
    dues = [promise["due"] or "none" for promise in promises]  # without a clock: last
    assert dues == sorted(dues)
    why = api.get(f"/promises/{promises[0]['id']}/explain")
    assert why.status == 200, why.text


def test_a_case_is_replayed_to_what_was_known(api: Api, complaint: dict[str, Any]) -> None:
    begun = api.kept(complaint | {"id": "known-1", "ticket": "KNOWN"})
    case = begun["case_id"]
    recorded = api.history(case)["touchpoints"][0]["recorded"]
    went_on = api.kept(example("complaint.forwarded", id="known-2", ticket="KNOWN"))
    assert went_on["case_id"] == case

    def ids(query: str = "") -> set[str]:
        return {touchpoint["event_id"] for touchpoint in api.history(case, query)["touchpoints"]}

    assert ids() == {begun["event_id"], went_on["event_id"]}
    assert ids("?known_at=" + recorded.replace("+", "%2B")) == {begun["event_id"]}
    assert ids("?as_of=2026-03-01T00:00:00%2B08:00") == set()
    api.get(f"/cases/{case}/history?known_at=2026-03-02").problem(422, "known_at")


def test_of_three_the_bad_one_is_refused_alone(api: Api, complaint: dict[str, Any]) -> None:
    three = [complaint | {"id": f"three-{n}", "ticket": f"THREE-{n}"} for n in range(3)]
    three[1]["chanel"] = three[1].pop("channel")

    answer = api.post(three, BATCH)
    assert answer.status == 207, answer.text
    assert [item["status"] for item in answer.json] == [202, 422, 202]
    assert [error["field"] for error in answer.json[1]["problem"]["errors"]] == ["chanel"]
    assert answer.json[0]["place"] < answer.json[2]["place"]

    three[1]["channel"] = three[1].pop("chanel")
    mended = api.post(three, BATCH).json
    assert [item["status"] for item in mended] == [202, 202, 202]
    assert [mended[n] for n in (0, 2)] == [answer.json[n] for n in (0, 2)]


def test_a_correction_takes_the_place_of_what_it_corrects(api: Api, complaint: dict[str, Any]) -> None:
    first = api.kept(complaint | {"id": "wrong", "ticket": "CORRECTED"})
    case = first["case_id"]
    recorded = api.history(case)["touchpoints"][0]["recorded"].replace("+", "%2B")

    right = complaint | {"id": "right", "ticket": "CORRECTED", "correctssourceid": "wrong"}
    right["data"] = complaint["data"] | {"severity": "major"}
    second = api.kept(right)
    assert second["case_id"] == case

    def told(query: str = "") -> dict[str, tuple[str, str]]:
        found = api.history(case, query)["touchpoints"]
        return {seen["event_id"]: (seen["data"]["severity"], seen["state"]) for seen in found}

    assert told() == {
        first["event_id"]: ("ordinary", "corrected"),
        second["event_id"]: ("major", "stands"),
    }
    assert told(f"?known_at={recorded}") == {first["event_id"]: ("ordinary", "stands")}

    late = api.post(right | {"id": "right-again"})
    assert late.problem(409, "correctssourceid")["latest"] == second["event_id"]


def test_a_withdrawal_takes_an_event_back(api: Api, complaint: dict[str, Any]) -> None:
    case = api.kept(complaint | {"id": "withdrawn-1", "ticket": "WITHDRAWN"})["case_id"]

    def open_promises() -> set[str]:
        return {promise["id"] for promise in api.get(f"/promises?case={case}&state=open").json}

    before = open_promises()
    answered = api.kept(example("complaint.forwarded", id="withdrawn-2", ticket="WITHDRAWN"))
    assert open_promises() < before

    taken_back = api.kept(example("event.withdrawn", id="withdrawn-3", correctssourceid="withdrawn-2"))
    assert taken_back["case_id"] == case
    assert open_promises() == before
    states = {seen["event_id"]: seen["state"] for seen in api.history(case)["touchpoints"]}
    assert states[answered["event_id"]] == "withdrawn"


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"chanel": "hotline"}, "chanel"),
        ({"type": "complaint.heard"}, "type"),
        ({"time": "2026-03-02T16:00:00"}, "time"),
        ({"time": "2999-03-02T16:00:00+08:00"}, "time"),
        ({"data": {"subject": "house"}}, "data.subject"),
    ],
)
def test_what_is_refused_names_its_field(
    api: Api, complaint: dict[str, Any], change: dict[str, Any], field: str
) -> None:
    event = complaint | {"id": "refused", "ticket": "REFUSED"} | change
    if "data" in change:
        event["data"] = complaint["data"] | change["data"]
    api.post(event).problem(422, field)


def test_what_is_no_event_at_all_is_refused(api: Api, complaint: dict[str, Any]) -> None:
    body = json.dumps(complaint).encode()
    for key in ("", "tl_no-such-key"):
        api.ask("POST", "/events", body, key=key).problem(401, "")
    api.ask("POST", "/events", body, kind="text/plain").problem(415, "")
    api.ask("POST", "/events", body.ljust(1024 * 1024 + 1)).problem(413, "")
    api.post([complaint] * 501, BATCH).problem(413, "")
    api.get("/cases/no-such-case").problem(404, "")
    api.get("/promises?state=running").problem(422, "state")


def test_metrics_and_verify_tell_of_the_same_record(
    api: Api, complaint: dict[str, Any], folder: Path, tmp_path: Path
) -> None:
    place = api.kept(complaint | {"id": "counted", "ticket": "COUNTED"})["place"]

    metrics = api.get("/metrics")
    assert (metrics.status, metrics.kind) == (200, "text/plain")
    figures = dict(
        line.rsplit(" ", 1) for line in metrics.text.splitlines() if line and not line.startswith("#")
    )
    assert float(figures["touchline_fact_place"]) == place
    assert float(figures["touchline_decided_place"]) == place
    with closing(http.client.HTTPConnection(api.address, timeout=DEADLINE)) as wire:
        for path in ("/healthz", "/readyz"):  # no key
            wire.request("GET", path)
            found = wire.getresponse()
            found.read()
            assert found.status == 200

    heads = tmp_path / "heads.txt"
    heads.write_text(touchline("verify", "--data", str(folder)), encoding="utf-8")
    assert f"yunhe/facts@{place}:" in heads.read_text(encoding="utf-8")
    touchline("verify", "--data", str(folder), "--expect", str(heads))

    longer = heads.read_text(encoding="utf-8").replace(f"facts@{place}:", f"facts@{place + 1}:")
    heads.write_text(longer, encoding="utf-8")
    cut = touchline("verify", "--data", str(folder), "--expect", str(heads), code=1)
    assert f"yunhe/facts@{place + 1}" in cut


@dataclass(slots=True)
class Told:
    """One message of the stream."""

    id: str = ""
    lane: str = ""
    event_id: str = ""


def messages(api: Api, last: str | None = None) -> Generator[Told | None, None, None]:
    """The stream's messages; ``None`` once it is open. The socket's timeout is the deadline of each line."""
    headers = {"Authorization": f"Bearer {api.key}", "Accept": "text/event-stream"}
    if last is not None:
        headers["Last-Event-ID"] = last
    with closing(http.client.HTTPConnection(api.address, timeout=DEADLINE)) as wire:
        wire.request("GET", "/stream", headers=headers)
        found = wire.getresponse()
        with closing(found):
            assert (found.status, found.headers.get_content_type()) == (200, "text/event-stream")
            message, opened = Told(), False
            while line := found.readline().decode():
                name, _, value = line.rstrip("\n").partition(": ")
                if name == "id":
                    message.id = value
                elif name == "event":
                    message.lane = value
                elif name == "data":
                    message.event_id = json.loads(value)["event_id"]
                elif not line.strip():
                    if message.id and message.event_id:
                        yield message
                    elif not opened:
                        opened = True
                        yield None
                    message = Told()


def facts(stream: Iterator[Told | None], count: int) -> list[Told]:
    """The next facts; verdicts, which the engine adds when it will, are passed over."""
    found: list[Told] = []
    while len(found) < count:
        message = next(stream)
        if message is not None and message.lane == "fact":
            found.append(message)
    return found


def test_the_stream_goes_on_after_a_restart_without_a_gap(tmp_path: Path, complaint: dict[str, Any]) -> None:
    key = new_record(tmp_path / "mine")

    def file(api: Api, number: int) -> str:
        answer = api.post(complaint | {"id": f"seen-{number}", "ticket": f"SEEN-{number}"})
        assert answer.status == 202, answer.text
        return str(answer.json["event_id"])

    with serving(tmp_path / "mine") as server:
        api = Api(server, key)
        stream = messages(api)
        assert next(stream) is None  # open: from here on nothing is missed
        sent = [file(api, number) for number in range(3)]
        seen = facts(stream, 3)
        assert [message.event_id for message in seen] == sent
        assert len({message.id for message in seen}) == 3
        stream.close()
        sent.append(file(api, 3))  # nobody listens, and the server is killed

    with serving(tmp_path / "mine") as server:
        api = Api(server, key)
        sent.append(file(api, 4))
        stream = messages(api, last=seen[0].id)
        went_on = facts(stream, 4)
        assert [message.event_id for message in went_on] == sent[1:]
        assert [message.id for message in went_on[:2]] == [message.id for message in seen[1:]]
        sent.append(file(api, 5))
        assert [message.event_id for message in facts(stream, 1)] == sent[-1:]
        stream.close()
