"""docs/metrics.md is what the processes tell, no more and no less; rules, dashboard and runbook name nothing else."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from kafka import TopicPartition
from prometheus_client.parser import text_string_to_metric_families

from alerts.deliveries import DELIVERED, DROPPED, FAILED, PENDING
from alerts.meters import AlertMeters
from alerts.service import Alerts
from alerts.settings import AlertSettings
from ledger.postgres import PostgresDatabase
from processors.vitals import Vitals
from producers.inbox.tables import STATES
from producers.relay_meters import RelayMeters
from producers.subscriber_meters import SubscriberMeters
from tests.kit.figures import OF_THE_SCRAPE, Figure, Query, flaws, table, told
from tests.kit.postgres import Cluster
from tests.kit.world import World
from tests.scale.hand import made
from tests.touchline.commands import ROOT
from tests.web.site import PATIENCE, Site, complaint
from touchline.cli import COMMANDS

TOKEN = "8d0c4b6f1e3a5792c4d6e8f0"
RULES = ROOT / "deploy/prometheus/alerts.yml"
DASHBOARD = ROOT / "deploy/grafana/dashboards/touchline.json"
RUNBOOK = ROOT / "docs/runbook"
SECTIONS = [
    "## 对客户意味着什么 What it means for customers",
    "## 先看什么 What to look at",
    "## 怎么做 What to do",
    "## 何时结束 When it is over",
]
KNOWN_VALUES = {
    ("touchline_letters", "state"): set(STATES),
    ("touchline_deliveries", "state"): {PENDING, DELIVERED, FAILED, DROPPED},
    ("touchline_worker_facts_total", "via"): {"kafka", "ledger"},
}


def rules() -> list[dict[str, Any]]:
    (group,) = yaml.safe_load(RULES.read_text(encoding="utf-8"))["groups"]
    found: list[dict[str, Any]] = group["rules"]
    return found


def panels() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(DASHBOARD.read_text(encoding="utf-8"))["panels"]
    return found


def expressions() -> list[str]:
    return [rule["expr"] for rule in rules()] + [
        target["expr"] for panel in panels() for target in panel["targets"]
    ]


def of_process(name: str) -> dict[str, Figure]:
    return {key: figure for key, figure in table().items() if figure.process == name}


def test_the_table_is_what_a_gateway_tells(tmp_path: Path) -> None:
    token = tmp_path / "token"
    token.write_text(TOKEN)
    site = Site(
        tmp_path / "data",
        metrics_token_file=str(token),
        webhook_url="http://127.0.0.1:9/gone",
        webhook_secret="whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
    )
    site.start()
    try:
        with site.client(site.key()) as http, site.client(TOKEN) as operator:
            late = complaint("late", site.now() - 3_600_000_000)
            sent = http.post("/events", json=[late, {}])
            assert sent.status_code == 207
            place = sent.json()[0]["place"]  # calendars and promises are told from what the engine came to
            assert site.house.progress.wait(site.tenant().number, place, PATIENCE)
            families = list(text_string_to_metric_families(operator.get("/metrics").text))
            seen = told("gateway", families)
            mine = told("gateway", text_string_to_metric_families(http.get("/metrics").text))
    finally:
        site.stop()
    wanted = of_process("gateway")
    by_delivery = wanted.pop("touchline_deliveries")  # no alert has rung: its labels are in its declaration
    assert seen.pop("touchline_deliveries").type == by_delivery.type == "gauge"
    assert {name: (f.type, f.labels) for name, f in seen.items()} == {
        name: (f.type, f.labels) for name, f in wanted.items()
    }
    alone = {"touchline_http_answers_total", "touchline_database_up"}
    assert mine.keys() - {"touchline_deliveries"} == wanted.keys() - alone
    assert not [name for name, figure in mine.items() if "tenant" in figure.labels]


def test_the_table_is_what_a_relay_tells(cluster: Cluster) -> None:
    place = cluster.ledger()
    database = PostgresDatabase.at(place.url)
    try:
        assert told("relay", RelayMeters(database).registry.collect()) == of_process("relay")
    finally:
        database.close()
        cluster.drop(place)


def test_the_table_is_what_a_worker_tells(world: World) -> None:
    assert told("worker", Vitals(made(world, "w")).collect()) == of_process("worker")


def test_the_table_is_what_a_subscriber_tells() -> None:
    meters = SubscriberMeters()
    meters.standing({TopicPartition("crm", 0): 1})
    assert told("subscriber", meters.registry.collect()) == of_process("subscriber")


def test_the_table_is_what_the_process_of_the_alerts_tells(world: World) -> None:
    ledger = world.ledger
    ringing = Alerts(world.database, world.writer, ledger, world.clock, AlertSettings(log=False))
    assert told("alerts", AlertMeters(ringing, world.database, ledger).collect()) == of_process("alerts")


@pytest.mark.parametrize("expression", expressions())
def test_rules_and_panels_name_metrics_and_labels_that_there_are(expression: str) -> None:
    assert flaws(expression, table()) == []
    for metric, label, value in Query.of(expression).matched:
        known = KNOWN_VALUES.get((metric, label))
        assert known is None or value in known


@pytest.mark.parametrize(
    ("expression", "flaw"),
    [
        ("touchline_engin_lag > 1", "no metric touchline_engin_lag"),
        ("touchline_append_seconds > 1", "no metric touchline_append_seconds"),
        ("max by (tenants) (touchline_engine_lag)", "no label tenants"),
        ('touchline_parked{state="dead"} > 0', "touchline_parked has no label state"),
        ("touchline_events_kept > 0", "no metric touchline_events_kept"),
        ("1 > 0", "names no metric"),
    ],
)
def test_what_there_is_not_would_be_found(expression: str, flaw: str) -> None:
    assert flaw in flaws(expression, table())


def test_every_rule_is_tried_by_promtool() -> None:
    """What it is given (test_prometheus_files.py) names each alert, and nothing that there is not."""
    cases = yaml.safe_load((RULES.parent / "alerts_test.yml").read_text(encoding="utf-8"))["tests"]
    wanted = [
        one["labels"] for case in cases for asked in case["promql_expr_test"] for one in asked["exp_samples"]
    ]
    assert set(wanted) == {f'{{alertname="{rule["alert"]}"}}' for rule in rules()}
    series = [one["series"] for case in cases for one in case["input_series"]]
    assert [flaw for one in series for flaw in flaws(one, table())] == []


def test_every_rule_says_what_to_do_in_chinese_first() -> None:
    names = [rule["alert"] for rule in rules()]
    assert len(set(names)) == len(names)
    assert {path.stem for path in RUNBOOK.glob("*.md")} == set(names)
    for rule in rules():
        told_to = rule["annotations"]
        assert rule["labels"]["severity"] in ("critical", "warning")
        assert re.fullmatch(r"\d+[mh]", rule["for"])
        assert re.search("[\u4e00-\u9fff]", told_to["summary"])
        assert told_to["summary_en"].isascii()
        assert told_to["runbook"] == f"docs/runbook/{rule['alert']}.md"
        query = Query.of(rule["expr"])
        own = frozenset[str]().union(*(table()[m].labels for m in query.metrics if m in table()))
        whole = (
            query.grouped
            if re.match(r"(sum|max|histogram_quantile)\b", rule["expr"])
            else own | OF_THE_SCRAPE
        )
        for text in (told_to["summary"], told_to["summary_en"]):
            assert set(re.findall(r"\$labels\.(\w+)", text)) <= whole, rule["alert"]


@pytest.mark.parametrize("path", sorted(RUNBOOK.glob("*.md")), ids=lambda path: str(path.stem))
def test_every_page_of_the_runbook_is_whole(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    (rule,) = [rule for rule in rules() if rule["alert"] == path.stem]
    assert text.startswith(f"# {path.stem}\n")
    assert f"**{rule['labels']['severity']}**" in text
    assert [line for line in text.splitlines() if line.startswith("## ")] == SECTIONS
    for words in SECTIONS:
        assert re.search(r"\w", text.partition(words)[2].partition("\n## ")[0])
    assert set(re.findall(r"`touchline ([a-z]+)", text)) <= COMMANDS.keys()
    named = set(re.findall(r"`(touchline_\w+)[`{]", text))
    assert named <= table().keys()
    assert set(re.findall(r"\bTouchline[A-Z]\w+", text)) <= {rule["alert"] for rule in rules()}
    for page in re.findall(r"`((?:docs|benchmarks)/[\w./-]+)`", text):
        assert (ROOT / page).is_file(), page


def test_the_table_leads_to_pages_that_there_are() -> None:
    text = (ROOT / "docs/metrics.md").read_text(encoding="utf-8")
    linked = re.findall(r"\]\((runbook/\w+\.md)\)", text)
    assert linked
    assert not [page for page in linked if not (ROOT / "docs" / page).is_file()]


def test_the_dashboard_shows_every_kind_of_figure() -> None:
    shown = {
        name for panel in panels() for target in panel["targets"] for name in Query.of(target["expr"]).metrics
    }
    assert {table()[name].process for name in shown if name in table()} == {
        figure.process for figure in table().values()
    }
    assert len({panel["id"] for panel in panels()}) == len(panels())
    assert all(re.match("[\u4e00-\u9fffH]", panel["title"]) for panel in panels())
