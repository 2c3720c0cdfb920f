"""docker-compose.yml at work: the secrets, the roles, a Kafka with its settings, what each service of ours runs, and Prometheus
and Alertmanager that watch it, together. They are processes of this machine, each with its own command and environment;
addresses are replaced (``tests.kit.stack``, ``tests.kit.watch``). The last test ends it all."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest

from schemas.catalogue import example
from tests.alerts.support import Inbox, inbox
from tests.kit import kafka
from tests.kit.containers import SEVERAL, services
from tests.kit.figures import Query
from tests.kit.stack import Stack, secrets
from tests.kit.watch import FILES, Watch, loaded
from tests.touchline.commands import DEADLINE, ROOT, until

UNTOLD = "touchline_subscriber|touchline_deliveries"
"""No subscriber runs here, and of the customers' alerts none was sent."""
DASHBOARD = ROOT / "deploy/grafana/dashboards/touchline.json"


def test_secrets_are_made_once_of_random_bytes_and_closed_to_others(tmp_path: Path) -> None:
    one, other = secrets(tmp_path / "one"), secrets(tmp_path / "other")
    assert one.keys() == {name for s in services(SEVERAL).values() for name in s.get("secrets", [])}
    assert not {*one.values()} & {*other.values()}
    assert len({*one.values()}) == len(one)
    assert (tmp_path / "one").stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o777 for path in (tmp_path / "one").iterdir()} == {0o644}
    (tmp_path / "one/metrics_token").write_text("mine\n", "utf-8")
    assert secrets(tmp_path / "one") == {**one, "metrics_token": "mine\n"}


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with ExitStack() as rooms:
        made = Stack(tmp_path_factory.mktemp("stack"), rooms)
        made.start()
        yield made


def said(done: subprocess.CompletedProcess[str]) -> Any:
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def http(stack: Stack) -> Iterator[httpx.Client]:
    """A source of the first tenant, at the gateway."""
    gateway = stack.running["gateway"]
    assert gateway.run("touchline", "tenant", "add", "yunhe").returncode == 0
    stack.migrated("again")  # as the file asks for after each tenant; nothing that is there changes
    key = said(gateway.run("touchline", "key", "create", "--source", "crm", "--json"))["key"]
    with httpx.Client(
        base_url=f"http://127.0.0.1:{stack.ports['gateway']}",
        headers={"Authorization": f"Bearer {key}"}, timeout=DEADLINE, trust_env=False,
    ) as client:  # fmt: skip
        yield client


def test_an_event_goes_through_all_of_it(stack: Stack, http: httpx.Client) -> None:
    sent = http.post("/events", json={**example("complaint.received"), "id": "c-1", "source": "crm"})
    assert sent.status_code == 202
    told = sent.json()
    found = http.get(f"/cases/{told['case_id']}", params={"after": told["place"]})
    assert found.status_code == 200  # a worker has decided it: the gateway runs no engine
    promises = http.get("/promises", params={"case": told["case_id"]}).json()
    assert promises["items"] if isinstance(promises, dict) else promises
    until(
        lambda: 'touchline_relay_lag{lane="facts",tenant="1"} 0.0' in stack.figures("relay"),
        "the relay is at the head",
    )
    workers = [stack.figures(name) for name in ("worker", "worker 2")]
    assert sorted("touchline_worker_tenants 1.0" in text for text in workers) == [False, True]
    assert "touchline_alerts_ringing 1.0" in stack.figures("alerts")
    assert 'touchline_fact_place{tenant="1"}' in stack.figures("gateway")
    assert said(stack.running["gateway"].run("touchline", "feed", "show", "--json"))["feed"] == "kafka"
    with psycopg.connect((stack.secrets / "database").read_text().strip()) as application:
        for statement in ("DELETE FROM touchline.facts", "ALTER TABLE touchline.facts DISABLE TRIGGER ALL"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                application.execute(statement)
            application.rollback()


@pytest.mark.parametrize("name", ["postgres", "kafka"])
def test_the_health_checks_of_record_and_topics(stack: Stack, name: str) -> None:
    one = stack.made(name, f"look at {name}", ours=False)
    one.environment |= {"PGPORT": str(stack.record.port)}
    assert one.healthy()
    one.environment["PGPORT"] = str(stack.ports[f"look at {name}"])
    (elsewhere,) = kafka.free_ports(1)
    one._replaced["kafka/9092"] = f"127.0.0.1/{elsewhere}"
    assert not one.healthy()


@pytest.fixture(scope="module")
def operator() -> Iterator[Inbox]:
    with inbox() as box:
        yield box


@pytest.fixture(scope="module")
def watch(stack: Stack, operator: Inbox, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watch]:
    with ExitStack() as rooms:
        made = Watch(tmp_path_factory.mktemp("watch"), stack, operator.url, rooms)
        made.start()
        yield made


def test_prometheus_sees_each_of_ours_and_knows_every_rule(stack: Stack, watch: Watch) -> None:
    def up() -> dict[str, set[str]]:
        found: dict[str, set[str]] = {}
        for one in watch.prometheus("targets", state="active")["activeTargets"]:
            if one["health"] == "up":
                found.setdefault(one["labels"]["job"], set()).add(one["labels"]["instance"])
        return found

    asked = {
        f"touchline-{service}": {f"127.0.0.1:{port}" for port in stack.at(service)}
        for service in ("gateway", "relay", "worker", "alerts")
    }
    assert {job["job_name"] for job in loaded(FILES / "prometheus.yml")["scrape_configs"]} == asked.keys()
    until(lambda: up() == asked, "everything is up")

    def tried() -> dict[str, str]:
        (group,) = watch.prometheus("rules")["groups"]
        assert all(not rule.get("lastError") for rule in group["rules"])
        return {rule["name"]: rule["health"] for rule in group["rules"]}

    (group,) = loaded(FILES / "alerts.yml")["groups"]
    until(lambda: tried() == {rule["alert"]: "ok" for rule in group["rules"]}, "every rule was tried")


def panels() -> dict[str, set[str]]:
    """What the dashboard asks -> the labels that it writes beside each line."""
    board = json.loads(DASHBOARD.read_text("utf-8"))
    targets = [target for panel in board["panels"] for target in panel["targets"]]
    return {one["expr"]: set(re.findall(r"{{(\w+)}}", one["legendFormat"])) for one in targets}


def test_every_panel_is_answered_and_what_the_rules_look_at_is_there(
    http: httpx.Client, watch: Watch
) -> None:
    kept = {**example("complaint.received"), "id": "c-2", "source": "crm"}
    assert http.post("/events", json=[kept, {}]).status_code == 207  # so that something was refused as well
    asked = panels()
    unknown = {one for one in asked if re.search(rf"{UNTOLD}|ALERTS", one)}  # what rings is the next test's
    until(
        lambda: all(watch.query(one) or one in unknown for one in asked),
        "all but those have data",
    )
    for expression, labels in asked.items():
        for series in watch.query(expression):
            assert labels <= series["metric"].keys(), expression
    (group,) = loaded(FILES / "alerts.yml")["groups"]
    named = frozenset[str]().union(*(Query.of(rule["expr"]).metrics for rule in group["rules"]))
    assert len(named) > 25
    assert {one for one in named if not watch.query(one)} == {one for one in named if re.search(UNTOLD, one)}


def test_a_relay_that_was_killed_is_told_to_the_operator_and_taken_back(
    stack: Stack, watch: Watch, operator: Inbox
) -> None:
    instance = f"127.0.0.1:{stack.ports['relay']}"
    mine = {"alertname": "TouchlineDown", "job": "touchline-relay", "instance": instance}

    def fires() -> list[dict[str, Any]]:
        return [
            one for one in watch.prometheus("alerts")["alerts"]
            if mine.items() <= one["labels"].items() and one["state"] == "firing"
        ]  # fmt: skip

    def held() -> list[dict[str, Any]]:
        return [one for one in watch.held() if mine.items() <= one["labels"].items()]

    def told(status: str) -> bool:
        return any(
            one["status"] == status and mine.items() <= one["labels"].items()
            for call in operator.calls
            for one in call.json["alerts"]
        )

    until(lambda: not fires(), "the relay is up")
    stack.running["relay"].kill()
    stack.running["relay"].process = None
    until(lambda: bool(fires()), "Prometheus fires")
    until(lambda: bool(held()), "Alertmanager has it")
    (alert,) = held()
    assert alert["labels"]["severity"] == "critical"
    assert alert["annotations"]["summary"] == f"touchline-relay {instance} 无应答"
    assert (ROOT / alert["annotations"]["runbook"]).is_file()
    assert alert["receivers"] == [{"name": "operator"}]
    operator.wait_for(lambda: told("firing"))
    (shown,) = (one for one in panels() if "ALERTS" in one)
    assert {"alertname": "TouchlineDown", "severity": "critical"} in [
        one["metric"] for one in watch.query(shown)
    ]
    stack.again("relay")
    until(lambda: not fires(), "Prometheus is content")
    operator.wait_for(lambda: told("resolved"))


def test_what_a_database_that_is_away_explains_is_not_told_as_well(watch: Watch, operator: Inbox) -> None:
    nobody = {"tenant": "999"}  # what Prometheus itself rings on a busy machine is told apart
    away = {**nobody, "alertname": "TouchlineDatabaseAway", "severity": "critical"}
    slow = {**nobody, "alertname": "TouchlineAppendSlow", "severity": "warning"}
    lost = {**nobody, "alertname": "TouchlineEventsNotKept", "severity": "critical"}

    def told(labels: dict[str, str]) -> bool:
        return any(one["labels"] == labels for call in operator.calls for one in call.json["alerts"])

    watch.ring(away)
    operator.wait_for(lambda: told(away))
    watch.ring(slow)
    watch.ring(lost)
    operator.wait_for(lambda: told(lost))  # as long after it came as the other would be
    quiet = [one["labels"] for one in watch.held() if one["status"]["inhibitedBy"]]
    assert slow in quiet
    assert away not in quiet
    assert lost not in quiet
    assert not told(slow)


def test_everything_ends_in_its_grace(stack: Stack, watch: Watch) -> None:
    for one in stack.running.values():
        one.stop()
    for name, one in stack.running.items():
        code, text = one.ended()
        assert code == 0, f"{name}: {text}"
        assert "Traceback" not in text, f"{name}: {text}"
        assert [line for line in text.splitlines() if not line.startswith("{")] == [], name
        assert all(json.loads(line)["level"] for line in text.splitlines())
        assert list(one.root.iterdir()) == []  # nothing is written where its root would be
        one.process = None
        assert not one.healthy()
    for name, one in watch.running.items():
        assert one.service["read_only"]
        assert list(one.root.iterdir()) == [], name
        one.stop()
        assert one.ended()[0] == 0, name
        one.process = None
        assert not one.healthy()
