"""``touchline today``: the list, and what came of a visit, beside a server or without one."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path

from schemas.catalogue import example
from tests.touchline.commands import Shell, serving, until
from touchline.exits import Exit


def test_listed_filed_and_filed_once(acme: Shell, tmp_path: Path) -> None:
    opened = {**example("complaint.received"), "ticket": "TS-7", "actorref": "kf-012"}
    path = tmp_path / "told.ndjson"
    path.write_text(json.dumps(opened) + "\n", encoding="utf-8")
    assert acme("append", str(path)).code == 0
    (intake,) = acme("today", "--person", "kf-012", "--json").json
    case = intake["case_id"]
    assert (intake["when"], intake["visit"]) == ("overdue", "followup.complaint_intake_completed")
    assert acme("today", "--role", "property_co", "--json").json == []
    assert "没有" in acme("today", "--when", "tomorrow").err
    assert acme("today", "--when", "soon").code == Exit.USAGE
    printed = acme("today").out
    assert "接单后24小时回访" in printed
    assert "kf-012" in printed
    assert "已超时" in printed
    assert "TS-7" in printed, "people know a case by the number in their own ledger"
    assert "王" not in printed
    assert acme("today", "done", case).code == Exit.USAGE
    assert acme("today", "done", case, "--satisfied").code == Exit.USAGE, "it does not ask"
    assert acme("today", "done", "none", "--visited").code == Exit.UNKNOWN

    with serving(acme.folder):
        for times in (1, 2):
            said = acme("today", "done", case, "--unreached", "--by", "kf-012", "--json").json
            assert said["type"] == "followup.attempted"
            until(partial(round_is, acme, times), "the attempt is folded")
        assert acme("today", "--json").json[0]["attempts"] == 1, "both on one day"
        closed = {**example("complaint.closed", None), "id": "x", "caseid": case, "time": opened["time"]}
        closed.pop("ticket", None)
        path.write_text(json.dumps(closed) + "\n", encoding="utf-8")
        assert acme("append", str(path)).code == 0
        until(lambda: len(acme("today", "--json").json) == 2, "a visit after closing is due")
        done = acme("today", "done", case, "--satisfied", "--mark", "5", "--home", "--json").json
        assert done["obligation"] == "complaint.close_return_visit"
        assert not done["again"]
        until(lambda: len(acme("today", "--json").json) == 1, "one is left")
    assert acme("today", "done", "TS-8", "--visited").code == Exit.UNKNOWN
    assert acme("today", "done", "TS-7", "--visited", "--json").json["case_id"] == case
    assert acme("today", "--json").json == []
    assert acme("case", "show", "TS-7", "--json").json["case"]["id"] == case
    assert acme("case", "show", "TS-7", "--as-of", "2001-01-01").code == Exit.UNKNOWN


def test_a_number_that_two_sources_gave_names_no_case(acme: Shell, tmp_path: Path) -> None:
    path = tmp_path / "told.ndjson"
    for source in ("crm", "pbx"):
        assert acme("key", "create", "--source", source).code == 0
        path.write_text(json.dumps({**example("complaint.received"), "ticket": "7"}) + "\n", encoding="utf-8")
        assert acme("append", str(path), "--source", source).code == 0
    cases = {one["case_id"] for one in acme("today", "--json").json}
    assert len(cases) == 2
    for words in (("today", "done", "7", "--visited", "--source", "crm"), ("case", "show", "7")):
        said = acme(*words)
        assert said.code == Exit.USAGE
        assert all(case in said.err for case in cases)


def round_is(acme: Shell, times: int) -> bool:
    return bool(acme("today", "--json").json[0]["round"] == times)
