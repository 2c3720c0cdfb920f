"""The catalogue is whole: every type named, labelled, documented, and shown by a valid example."""

from __future__ import annotations

import re
import subprocess
import sys
from importlib import import_module
from pkgutil import iter_modules
from typing import Any

import pytest

from schemas import facts, touchpoints
from schemas.catalogue import CATALOGUE, VERDICTS, UnknownType, event_type, example, label, rank
from schemas.instants import HOUR, parse_instant
from schemas.model import Content, Touchpoint
from schemas.parse import Refused, parse
from schemas.personal import at_path, past_paths, personal_paths

NAME = re.compile(r"^[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)+$")
NOW = parse_instant("2026-11-22T10:00:00+08:00")
POSTED = [name for name, entry in CATALOGUE.items() if entry.writer != "engine"]


def _every_model(base: type[Content] = Content) -> set[type[Content]]:
    found = {base}
    for model in base.__subclasses__():
        found |= _every_model(model)
    return found


@pytest.mark.parametrize("name", CATALOGUE)
def test_every_type_is_whole(name: str) -> None:
    entry = CATALOGUE[name]
    assert NAME.match(name)
    assert entry.name == name == entry.model.TYPE
    assert re.search(r"[\u4e00-\u9fff]", entry.zh)
    assert entry.en
    assert entry.en.isascii()
    assert re.search(r"[\u4e00-\u9fff]", entry.doc), "the docstring gives the Chinese term"
    assert re.search(r"\bT\d+\b|no row", entry.doc), "the docstring names its row"
    assert entry.case in ("opens", "needs", "none")
    assert entry.rank in (0, 1, 2, 3)
    assert entry.version >= 1
    assert not entry.thing or entry.thing in entry.model.model_fields
    assert entry.touchpoint == issubclass(entry.model, Touchpoint)


def test_no_model_is_left_out() -> None:
    for room in (touchpoints, facts):
        for stage in iter_modules(room.__path__, room.__name__ + "."):
            import_module(stage.name)
    named = {model for model in _every_model() if "TYPE" in vars(model)}
    assert named == {entry.model for entry in CATALOGUE.values()}


def test_labels_are_unique() -> None:
    for lang in ("zh", "en"):
        labels = [label(name, lang) for name in CATALOGUE]
        assert len(set(labels)) == len(labels)


def test_lookups() -> None:
    assert event_type("complaint.received").zh == "投诉受理"
    assert rank("complaint.received") < rank("complaint.replied") < rank("complaint.closed")
    assert rank("complaint.closed") < rank("followup.complaint_close_completed")
    assert label("complaint.received", "en") == "Complaint received"
    assert label("moon.landed") == "moon.landed"
    with pytest.raises(UnknownType, match=r"moon\.landed"):
        event_type("moon.landed")
    with pytest.raises(LookupError, match="engine alone"):
        example("obligation.breached")


@pytest.mark.parametrize("name", POSTED)
@pytest.mark.parametrize("at", [None, NOW])
def test_every_example_is_valid(name: str, at: int | None) -> None:
    writer = CATALOGUE[name].writer
    arrived = parse(
        example(name, at), NOW, system=writer in ("admin", "system"), approver=writer == "approver"
    )
    assert arrived.kind is CATALOGUE[name]
    assert arrived.time == (parse_instant("2026-03-02T16:00:00+08:00") if at is None else at)
    for path in arrived.personal:
        assert isinstance(at_path(arrived.data, path), str)


@pytest.mark.parametrize("stage", sorted({CATALOGUE[name].stage for name in POSTED}))
def test_a_stage_shows_its_own_types_and_no_others(stage: str) -> None:
    shown = import_module(f"schemas.examples.{stage.rpartition('.')[2]}").EXAMPLES
    assert set(shown) == {name for name in POSTED if CATALOGUE[name].stage == stage}


def test_examples_are_the_same_or_another() -> None:
    assert example("repair.closed") == example("repair.closed")
    assert example("repair.closed", NOW)["id"] != example("repair.closed", NOW + HOUR)["id"]
    assert example("repair.closed", NOW, "mine")["id"] == "mine"
    withdrawn = example("event.withdrawn", NOW)["correctssourceid"]
    assert withdrawn == example("complaint.progress_notified", NOW)["id"]


@pytest.mark.parametrize("name", [n for n, e in CATALOGUE.items() if e.writer == "admin"])
def test_administrators_types_are_closed_to_sources(name: str) -> None:
    with pytest.raises(Refused) as refused:
        parse(example(name), NOW)
    assert [r.code for r in refused.value.refusals] == ["not_writable"]
    assert parse(example(name), NOW, admin=True).kind.name == name


@pytest.mark.parametrize("name", ["penalty.confirmed", "penalty.waived"])
def test_decisions_on_penalties_are_the_approvers_alone(name: str) -> None:
    with pytest.raises(Refused) as refused:
        parse(example(name), NOW, admin=True, system=True)
    assert [r.code for r in refused.value.refusals] == ["not_writable"]
    assert parse(example(name), NOW, approver=True).kind.name == name


@pytest.mark.parametrize("admin", [True, False])
def test_what_touchline_states_itself_nobody_else_may_state(admin: bool) -> None:
    with pytest.raises(Refused) as refused:
        parse(example("privacy.erasure_executed"), NOW, admin=admin)
    assert [(r.code, r.field) for r in refused.value.refusals] == [("not_writable", "type")]
    assert parse(example("privacy.erasure_executed"), NOW, system=True).kind.writer == "system"


def test_personal_places() -> None:
    data: dict[str, Any] = example("complaint.received")["data"]
    model = CATALOGUE["complaint.received"].model
    found = personal_paths(model, data)
    assert set(found) == {"description", "demands", "attachments[0].ref", "attachments[0].title"}
    assert at_path(data, "attachments[0].ref") == "photo/2026/03/02/7731.jpg"
    visit = example("followup.repair_first_completed")["data"]
    first = personal_paths(CATALOGUE["followup.repair_first_completed"].model, visit)
    assert first == ("scores[0].comment",)
    analysed = example("complaint.responsibility_determined")["data"]
    people = personal_paths(CATALOGUE["complaint.responsibility_determined"].model, analysed)
    assert people == ("participants[0]", "participants[1]")
    assert past_paths(CATALOGUE["complaint.closed"].model, example("complaint.closed")["data"]) == (
        "closed_at",
    )


def test_free_text_is_personal() -> None:
    """A text that may be long is sealed: nobody adds a field for prose and forgets to mark it."""
    bounded = {"title", "zh", "en", "error", "calendar_version", "person", "scope"}
    for entry in CATALOGUE.values():
        schema = entry.model.model_json_schema()
        for part in [schema, *schema.get("$defs", {}).values()]:
            for field, shape in part.get("properties", {}).items():
                for branch in [shape, *shape.get("anyOf", [])]:
                    if branch.get("type") == "string" and branch.get("maxLength", 10_000) > 1000:
                        coded = {"enum", "const", "pattern"} & branch.keys()
                        if (
                            coded
                            or field in bounded
                            or field.endswith(("_at", "_on", "_date", "_from", "_end"))
                        ):
                            continue
                        if field in ("start", "end"):
                            continue
                        owner = entry.model
                        marked = personal_paths(owner, {field: "x"}) if part is schema else ("nested",)
                        assert marked, f"{entry.name} {field} is free text and not personal"


def test_no_name_is_given_twice() -> None:
    assert len(CATALOGUE) == len(touchpoints.TYPES) + len(facts.TYPES) + len(VERDICTS)


def test_names_alone_need_no_models() -> None:
    """Every command imports the catalogue, most for labels only: a model is imported when its event is read."""
    code = (
        "import sys, schemas.words; from schemas.catalogue import CATALOGUE; assert 'pydantic' not in sys.modules;"
        "CATALOGUE['complaint.received'].model; assert 'schemas.touchpoints.repairs' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
