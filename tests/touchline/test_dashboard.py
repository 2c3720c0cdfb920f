"""The Grafana dashboard by Grafana's own model of one, and with the provisioning and docker-compose.yml beside it. No Grafana
runs in any test: there is no binary of it where packages are had from. What its panels ask is asked in test_stack_runs.py."""

from __future__ import annotations

import json
from collections.abc import Iterator
from copy import deepcopy
from itertools import combinations
from typing import Any

import pytest
import yaml
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.cog.plugins import register_default_plugins
from grafana_foundation_sdk.models.dashboard import Dashboard

from tests.kit.containers import SEVERAL, services
from tests.touchline.commands import ROOT

FOLDER = ROOT / "deploy/grafana"


def board() -> dict[str, Any]:
    found: dict[str, Any] = json.loads((FOLDER / "dashboards/touchline.json").read_text("utf-8"))
    return found


def lost(given: Any, read: Any, at: str = "") -> Iterator[str]:
    """Where ``read`` does not have what ``given`` has; it may have more."""
    if isinstance(given, dict) and isinstance(read, dict):
        for key, value in given.items():
            yield from lost(value, read.get(key, "nothing"), f"{at}/{key}")
    elif isinstance(given, list) and isinstance(read, list) and len(given) == len(read):
        for number, (one, other) in enumerate(zip(given, read, strict=True)):
            yield from lost(one, other, f"{at}/{number}")
    elif given != read:
        yield at


def flaws(given: dict[str, Any]) -> list[str]:
    """What Grafana's model has no place for."""
    register_default_plugins()
    read = json.loads(JSONEncoder(sort_keys=True).encode(Dashboard.from_json(deepcopy(given))))
    return list(lost(given, read))


def test_grafana_knows_every_word_of_it() -> None:
    assert flaws(board()) == []


@pytest.mark.parametrize(
    "at",
    [("titel",), ("panels", 0, "titel"), ("panels", 0, "options", "colour"), ("panels", 5, "targets", 0, "exprr"),
     ("panels", 5, "options", "legend", "place"), ("panels", 0, "fieldConfig", "defaults", "units")],
)  # fmt: skip
def test_a_word_that_it_does_not_know_would_be_found(at: tuple[Any, ...]) -> None:
    made = board()
    *way, word = at
    inner: Any = made
    for step in way:
        inner = inner[step]
    inner[word] = "something"
    assert flaws(made) == ["/" + "/".join(map(str, at))]


def test_no_panel_lies_on_another_or_beyond_the_edge() -> None:
    places = {panel["title"]: panel["gridPos"] for panel in board()["panels"]}
    for title, one in places.items():
        assert one["x"] + one["w"] <= 24, title
    for (title, one), (other, two) in combinations(places.items(), 2):
        beside = one["x"] + one["w"] <= two["x"] or two["x"] + two["w"] <= one["x"]
        below = one["y"] + one["h"] <= two["y"] or two["y"] + two["h"] <= one["y"]
        assert beside or below, f"{title}, {other}"


def test_every_query_goes_to_the_prometheus_of_docker_compose() -> None:
    """By a variable, so that whoever imports the dashboard elsewhere chooses theirs: of the kind that is provisioned."""
    (source,) = yaml.safe_load((FOLDER / "provisioning/datasources/prometheus.yml").read_text("utf-8"))[
        "datasources"
    ]
    (variable,) = board()["templating"]["list"]
    assert (variable["type"], variable["query"]) == ("datasource", source["type"])
    assert source["isDefault"] is True
    chosen = {"type": source["type"], "uid": f"${{{variable['name']}}}"}
    for panel in board()["panels"]:
        assert [panel["datasource"], *(target["datasource"] for target in panel["targets"])] == [chosen] * (
            1 + len(panel["targets"])
        )
        assert len({target["refId"] for target in panel["targets"]}) == len(panel["targets"])
    grafana, prometheus = services(SEVERAL)["grafana"], services(SEVERAL)["prometheus"]
    host, _, port = source["url"].removeprefix("http://").partition(":")
    assert (host, source["access"]) == ("prometheus", "proxy")  # Grafana asks, not the browser
    assert [mapped.rpartition(":")[2] for mapped in prometheus["ports"]] == [port]
    assert {*grafana["networks"]} & {*prometheus["networks"]}
