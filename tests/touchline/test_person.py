"""``touchline person``: found, copied, erased; without a server, through one, and through one that is killed. Afterwards not a
word of theirs is in any file, answer, page, figure, log or dump."""

from __future__ import annotations

import http.client
import json
import os
import shutil
import signal
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from openpyxl import load_workbook

from ledger.folder import ServerInfo
from ledger.verify import verify
from producers.inbox.letter import Content, Decision
from projections.dump import dump
from tests.touchline.commands import ON_BOTH, Server, Shell, serving, until
from touchline.exits import Exit
from touchline.house import House
from touchline.library import Library
from touchline.place import place_of

NUMBER, NAME, PHONE, ADDRESS = "KH-77120", "欧阳若溪", "13911112222", "云栖花园 3 栋 1201"
TEXT, NOTE, OTHER = "主卧吊顶漏水，孩子过敏", "欧阳女士说周末在家", "车位划线不清"
WORDS = (NUMBER, NAME, PHONE, ADDRESS, TEXT, NOTE)
TICKET = "TS-7"
AT = "2026-03-02T16:00:00+08:00"


def event(own_id: str, kind: str, data: dict[str, Any], ticket: str = TICKET) -> dict[str, Any]:
    return {"specversion": "1.0", "id": own_id, "type": kind, "time": AT, "ticket": ticket, "data": data}


def told() -> list[dict[str, Any]]:
    """A complaint of the person, what was noted on it without naming them, and a complaint of somebody else."""
    customer = {"number": NUMBER, "name": NAME, "phone": PHONE, "address": ADDRESS}
    return [
        event(
            "e-1", "complaint.received", {"description": TEXT, "subject": "engineering", "customer": customer}
        ),
        event("e-2", "complaint.progress_notified", {"progress": NOTE}),
        event(
            "e-3",
            "complaint.received",
            {"description": OTHER, "subject": "engineering", "customer": {"phone": "13600001111"}},
            "TS-8",
        ),
    ]


@pytest.fixture
def told_to(acme: Shell, tmp_path: Path) -> Shell:
    path = tmp_path / "told.ndjson"
    path.write_text("".join(json.dumps(one) + "\n" for one in told()), encoding="utf-8")
    assert acme("append", str(path)).code == 0
    return acme


def found(shell: Shell) -> str:
    (one,) = shell("person", "find", "--phone", PHONE, "--json").json
    return str(one["person"])


def nothing_left(shell: Shell, *more: str) -> None:
    """In no file of a folder (of PostgreSQL: ``tests/ledger``), nor in anything that a command or a dump says."""
    said = [
        shell("tail", "-n", "100", "--json").out,
        shell("tail", "-n", "100").out,
        shell("promises", "--json").out,
        *more,
    ]
    for case in {promise["case_id"] for promise in shell("promises", "--json").json}:
        said += [shell("case", "show", case).out, shell("case", "show", case, "--json").out]
    with Library(shell.place) as library:
        tenant = library.tenant("")
        with library.reading.snapshot() as (connection, tables):
            said += dump(connection, tables, tenant.number)
        assert verify(library.database).ok
    files = [] if shell.url else [path.read_bytes() for path in shell.folder.iterdir()]
    held = b"\n".join(files + [one.encode() for one in said])
    assert [word for word in WORDS if word.encode() in held] == []
    assert [word for word in WORDS if json.dumps(word)[1:-1].encode() in held] == []
    assert OTHER in b"".join(one.encode() for one in said).decode()
    assert '{"erased": true}' in "".join(said)


def ledger(shell: Shell, path: Path) -> list[str]:
    """Every cell of the ledger of complaints (电子台账), personal texts asked for."""
    assert shell("export", "complaints", "-o", str(path), "--clear", "--by", "auditor").code == 0
    pages = load_workbook(path).worksheets
    return [str(cell) for page in pages for row in page.values for cell in row if cell is not None]


def test_found_by_number_and_source_by_phone_or_by_event(
    told_to: Shell, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    one = found(told_to)
    assert told_to("person", "find", "--number", NUMBER, "--source", "call-centre").out.strip() == one
    (tmp_path / "phone").write_text(f"+86 {PHONE}\n", encoding="utf-8")
    with (tmp_path / "phone").open(encoding="utf-8") as typed:
        monkeypatch.setattr("sys.stdin", typed)
        assert told_to("person", "find", "--phone", "-").out.strip() == one
    facts = {fact["data"].get("ticket", fact["type"]): fact for fact in told_to("tail", "--json").json}
    note = facts["complaint.progress_notified"]["event_id"]
    (nameless,) = told_to("person", "find", "--event", note, "--json").json
    assert nameless["person"] != one
    for words, code in (
        (("--phone", "13600002222"), Exit.UNKNOWN),
        (("--number", NUMBER, "--source", "crm"), Exit.UNKNOWN),
        (("--event", "none"), Exit.UNKNOWN),
        (("--number", NUMBER), Exit.USAGE),
        (("--phone", PHONE, "--event", note), Exit.USAGE),
        ((), Exit.USAGE),
    ):
        said = told_to("person", "find", *words)
        assert (said.code, said.out) == (code, "")


@ON_BOTH
def test_a_copy_has_all_that_is_theirs_and_is_recorded_first(told_to: Shell, tmp_path: Path) -> None:
    one = found(told_to)
    path = tmp_path / "copy.ndjson"
    assert told_to("person", "export", one, "--output", str(path), "--by", "kf-001").code == 0
    assert os.stat(path).st_mode & 0o077 == 0
    lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    assert [line["type"] for line in lines] == [
        "complaint.received", "complaint.progress_notified", "privacy.access_recorded",
    ]  # fmt: skip
    assert lines[0]["data"]["customer"] == {
        "number": NUMBER, "name": NAME, "phone": PHONE, "address": ADDRESS,
    }  # fmt: skip
    assert lines[1]["data"]["progress"] == NOTE
    assert lines[2]["data"] == {"subject_ref": one, "by": "kf-001", "purpose": "subject_copy"}
    assert told_to("person", "export", one, "--output", str(path)).code == Exit.USAGE
    assert len(told_to("person", "export", one, "--json").json) == 4
    assert told_to("person", "export", "nobody").code == Exit.UNKNOWN


@ON_BOTH
def test_erased_without_a_server(told_to: Shell, tmp_path: Path) -> None:
    one = found(told_to)
    assert TEXT in ledger(told_to, tmp_path / "before.xlsx")
    asked = told_to("person", "erase", one, "--reason", "customer_request")
    assert (asked.code, found(told_to)) == (Exit.USAGE, one)  # nobody said yes
    assert told_to("person", "erase", "nobody", "--reason", "customer_request", "--yes").code == Exit.UNKNOWN
    assert told_to("person", "erase", one, "--reason", "Weil er es will", "--yes").code == Exit.USAGE
    done = told_to(
        "person", "erase", one, "--reason", "customer_request", "--by", "kf-001", "--yes", "--json"
    )
    assert (done.code, done.json["person"], done.json["unnamed"], done.json["before"]) == (0, one, 1, False)
    assert told_to("person", "find", "--phone", PHONE).code == Exit.UNKNOWN
    again = told_to("person", "erase", one, "--reason", "customer_request", "--yes", "--json").json
    assert again == {**done.json, "before": True, "unnamed": 0}
    gone = told_to("person", "export", one)
    assert (gone.code, gone.out) == (Exit.NOT_SO, "")
    assert "已删除" in gone.err
    types = [fact["type"] for fact in told_to("tail", "--json").json]
    assert types.count("privacy.erasure_requested") == types.count("privacy.erasure_executed") == 2
    cells = ledger(told_to, tmp_path / "after.xlsx")
    assert TICKET in cells
    nothing_left(told_to, *cells)


def test_a_text_that_may_be_anothers_is_left(told_to: Shell, tmp_path: Path) -> None:
    """A case with two customers: what names neither is nobody's to erase, or to copy."""
    second = event(
        "e-4", "complaint.progress_notified", {"progress": "已约", "customer": {"phone": "13600002222"}}
    )
    path = tmp_path / "more.ndjson"
    path.write_text(json.dumps(second) + "\n", encoding="utf-8")
    assert told_to("append", "--source", "call-centre", str(path)).code == 0
    one = found(told_to)
    assert NOTE not in told_to("person", "export", one).out
    assert (
        told_to("person", "erase", one, "--reason", "customer_request", "--yes", "--json").json["unnamed"]
        == 0
    )
    cases = {p["case_id"] for p in told_to("promises", "--json").json}
    said = "".join(told_to("case", "show", case, "--json").out for case in sorted(cases))
    assert (NOTE in said, TEXT in said) == (True, False)


def kept(shell: Shell, *texts: str) -> list[str]:
    """Dead letters that nobody can read."""
    with House.open(place_of(shell.folder, shell.url)) as house:
        whose, letters = house.ledger.tenant("acme"), house.inbox.letters
        contents = [Content("text/plain", (), text.encode()) for text in texts]
        return [letters.keep(whose, "pbx", "", "", one, Decision("dead")).result(60).id for one in contents]


@ON_BOTH
def test_letters_that_name_them_go_too_or_are_told(told_to: Shell) -> None:
    theirs, shared, nobodys = kept(
        told_to, f"<call><tel>+86 {PHONE}</tel></call>", f"{PHONE} 13600002222", "13500003333 又漏水"
    )
    (one,) = told_to("person", "find", "--phone", PHONE, "--json").json
    assert one["letters"] == [theirs, shared]
    plain = told_to("person", "find", "--phone", PHONE)
    assert plain.out.split() == [one["person"]]
    assert (theirs in plain.err, nobodys in plain.err) == (True, False)
    unknown = told_to("person", "find", "--phone", "13500003333")
    assert (unknown.code, unknown.out, nobodys in unknown.err) == (Exit.UNKNOWN, "", True)
    copy = told_to("person", "export", one["person"], "--json").json
    assert [(line["letter"], line["alone"]) for line in copy[-2:]] == [(theirs, True), (shared, False)]

    erase = ("person", "erase", one["person"], "--reason", "customer_request", "--yes")
    done = told_to(*erase, "--json").json
    assert (done["letters"], done["letters_left"]) == ([theirs], [shared])
    assert executed(told_to) == 1, "of the note that names nobody"
    again = told_to(*erase, "--json").json
    assert again == {**done, "before": True, "unnamed": 0, "letters": []}
    said = told_to(*erase)
    assert (said.code, shared in said.err, PHONE in said.err) == (0, True, False)
    discard = told_to("dead", "discard", shared, "--reason", "named_erased", "--by", "it-7")
    assert (discard.code, executed(told_to)) == (0, 2)
    assert told_to(*erase, "--json").json["letters_left"] == []
    states = {
        letter["id"]: letter["state"] for letter in told_to("dead", "list", "--state", "all", "--json").json
    }
    assert states == {theirs: "discarded", shared: "discarded", nobodys: "dead"}
    nothing_left(told_to)


def executed(shell: Shell) -> int:
    return [fact["type"] for fact in shell("tail", "--json").json].count("privacy.erasure_executed")


def test_an_older_key_store_is_brought_up_before_anybody_reads(told_to: Shell, tmp_path: Path) -> None:
    one = found(told_to)
    shutil.copy(told_to.folder / "keys.db", tmp_path / "keys.db")
    assert told_to("person", "erase", one, "--reason", "customer_request", "--yes").code == 0
    shutil.copy(tmp_path / "keys.db", told_to.folder / "keys.db")
    said = told_to("person", "find", "--phone", PHONE)  # a command that only reads
    assert said.code == Exit.UNKNOWN
    assert "keys.db" in said.err
    nothing_left(told_to)


def test_an_older_record_is_told(told_to: Shell, tmp_path: Path) -> None:
    one = found(told_to)
    shutil.copy(told_to.folder / "touchline.db", tmp_path / "touchline.db")
    assert told_to("person", "erase", one, "--reason", "customer_request", "--yes").code == 0
    shutil.copy(tmp_path / "touchline.db", told_to.folder / "touchline.db")
    path = tmp_path / "none.ndjson"
    path.write_text("")
    said = told_to("append", str(path))
    assert said.code == 0
    assert "touchline" in said.err.lower() or "台账" in said.err
    stated = [fact for fact in told_to("tail", "--json").json if fact["type"].startswith("privacy.")]
    assert [fact["data"]["basis"] for fact in stated] == ["record_restored"] * 2
    nothing_left(told_to)


def call(server: ServerInfo, method: str, path: str, key: str, body: Any = None) -> tuple[int, str]:
    place = urlsplit(server.url)
    connection = http.client.HTTPConnection(place.hostname or "", place.port, timeout=60)
    try:
        text = None if body is None else json.dumps(body).encode()
        headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
        connection.request(method, path, text, headers)
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    finally:
        connection.close()


def request(one: str) -> dict[str, Any]:
    data = {"subject_ref": one, "basis": "customer_request", "by": "kf-001"}
    return {"specversion": "1.0", "id": "r-1", "type": "privacy.erasure_requested", "time": AT, "data": data}


def stated(server: Server, key: str) -> bool:
    last = call(server.info, "GET", "/metrics", key)[1]
    return "touchline_fact_place 8.0" in last  # three publications, three events, request, execution


@pytest.mark.crash
def test_asked_for_over_http_and_killed_on_the_way(told_to: Shell) -> None:
    one = found(told_to)
    key = told_to("key", "create", "--source", "desk", "--admin").out.strip()
    plain = told_to("key", "create", "--source", "crm").out.strip()
    with serving(told_to.folder) as server:
        status, said = call(server.info, "POST", "/events", plain, request(one))
        assert (status, "not_writable" in said) == (422, True)
        assert call(server.info, "POST", "/events", key, request(one))[0] == 202
        server.end(signal.SIGKILL)
    with serving(told_to.folder) as server:
        until(lambda: stated(server, key), "the erasure is finished by the next process")
        assert call(server.info, "POST", "/events", key, request(one))[0] == 202  # the first answer again
        status, said = call(
            server.info,
            "POST",
            "/events",
            plain,
            {**event("e-9", "complaint.received", {"description": "…"}), "customerref": one},
        )
        assert (status, "已删除" in said) == (422, True)
        retried = call(
            server.info, "POST", "/events", told_to("key", "create", "--source", "x").out.strip(), []
        )
        assert retried[0] == 207
        code, _, log = server.end()
        assert code == 0
    assert found_none(told_to)
    # The note that names nobody is a person of its own: a request by reference does not reach it.
    assert NOTE not in log
    assert PHONE not in log


def found_none(shell: Shell) -> bool:
    return shell("person", "find", "--phone", PHONE).code == Exit.UNKNOWN


def test_erased_through_a_running_server(told_to: Shell) -> None:
    one = found(told_to)
    key = told_to("key", "create", "--source", "desk").out.strip()
    with serving(told_to.folder) as server:
        cases = json.loads(call(server.info, "GET", "/cases", key)[1])
        mine = next(case["id"] for case in cases if case["ticket"] == TICKET)
        paths = (
            "/cases",
            f"/cases/{mine}/history",
            "/promises",
            "/alerts",
            "/metrics",
            f"/wall/cases/{mine}",
        )
        assert TEXT in call(server.info, "GET", paths[1], key)[1]
        done = told_to("person", "erase", one, "--reason", "customer_request", "--yes", "--json")
        assert (done.code, done.json["unnamed"]) == (0, 1)
        answers = [call(server.info, "GET", path, key) for path in paths]
        assert {status for status, _ in answers} <= {200, 303}
        history = json.loads(answers[1][1])
        assert history["touchpoints"][0]["data"]["description"] == {"erased": True}
        retry = told_to(
            "append", "--source", "call-centre", "--json", str(told_to.folder.parent / "told.ndjson")
        )
        assert [line["duplicate"] for line in retry.json] == [True] * 3
        code, out, log = server.end()
        assert code == 0
    nothing_left(told_to, out, log, *(body for _, body in answers))
