"""docker-compose.yml, as far as it goes without a docker engine: what it says of each service, and what it leads to."""

from __future__ import annotations

import json
import re
import tomllib
from typing import Any

import pytest
import yaml

from tests.kit.containers import (
    IMAGE,
    OF_PYTHON,
    SEVERAL,
    calls,
    compose,
    flaws,
    image_environment,
    known_variables,
    parsed,
    said,
    services,
)
from tests.touchline.commands import ROOT

ASKED = {
    "kafka", "postgres", "migrate", "gateway", "relay", "worker", "alerts", "prometheus", "alertmanager", "grafana",
}  # fmt: skip
OURS = {"migrate", "gateway", "relay", "worker", "alerts"}
NAMES = sorted(ASKED)


def port_of(name: str) -> int:
    """Of the metrics or pages of one of ours, as its command says."""
    ((_, *words),) = [services(SEVERAL)[name]["command"]]
    params = parsed(words)
    return int(params.get("port") or params["metrics_port"])


def test_the_file_is_of_the_specification_and_has_every_part() -> None:
    assert flaws(compose(SEVERAL)) == []
    assert services(SEVERAL).keys() == ASKED
    assert services(SEVERAL)["worker"]["deploy"]["replicas"] == 2
    assert "$" not in yaml.safe_dump(compose(SEVERAL))  # nothing is replaced


@pytest.mark.parametrize("name", NAMES)
def test_each_service_is_pinned_closed_bounded_and_looked_after(name: str) -> None:
    one = services(SEVERAL)[name]
    assert re.fullmatch(IMAGE, one["image"])
    assert re.fullmatch(r"[1-9]\d*:\d+", one["user"])  # nobody is root
    assert one["cap_drop"] == ["ALL"]
    assert one["security_opt"] == ["no-new-privileges:true"]
    assert {"privileged", "env_file", "network_mode"}.isdisjoint(one)
    assert {*one["deploy"]["resources"]["limits"]} == {"cpus", "memory"}
    assert one["logging"]["driver"] == "local"
    assert one["restart"] == ("no" if name == "migrate" else "unless-stopped")
    assert name == "migrate" or one["healthcheck"]["test"][0] == "CMD"
    for port in one.get("ports", []):
        assert re.fullmatch(r"127\.0\.0\.1:(\d+):\1", port)
        assert "outside" in one["networks"]
    for needed, how in one.get("depends_on", {}).items():
        health = services(SEVERAL)[needed]["healthcheck"]
        assert how["condition"] == (
            "service_completed_successfully" if needed == "migrate" else "service_healthy"
        )
        assert health.get("disable", False) == (needed == "migrate")


@pytest.mark.parametrize("name", sorted(OURS))
def test_ours_are_the_image_read_only_and_name_what_there_is(name: str) -> None:
    one = services(SEVERAL)[name]
    version = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    assert (one["image"], one["build"], one["read_only"]) == (f"touchline:{version}", ".", True)
    assert said("USER") == [one["user"]]
    assert {*one["environment"], *image_environment()} - OF_PYTHON <= known_variables()
    told = list(calls(one["command"]))
    assert told
    for words in told:
        parsed(words)
    if name != "migrate":
        health = one["healthcheck"]["test"][1:4]
        assert health == ["python", "-m", "touchline.healthy"]
        assert one["healthcheck"]["test"][4] == str(port_of(name))


def test_gateways_leave_the_alerts_to_the_service_of_that_name() -> None:
    (gateway,), (alerts,) = (calls(services(SEVERAL)[name]["command"]) for name in ("gateway", "alerts"))
    assert parsed(gateway)["alerts"] is False
    assert alerts[0] == "alerts"
    assert "outside" in services(SEVERAL)["alerts"]["networks"]  # where the receivers are


def test_record_and_topics_are_reached_from_inside_alone() -> None:
    assert compose(SEVERAL)["networks"]["inside"] == {"internal": True}
    for name in ("postgres", "kafka"):
        assert services(SEVERAL)[name]["networks"] == ["inside"]
        assert "ports" not in services(SEVERAL)[name]


def test_what_is_mounted_is_there_and_what_is_kept_has_a_volume() -> None:
    for name, one in services(SEVERAL).items():
        for mount in one.get("volumes", []):
            source, target, *mode = mount.split(":")
            if source.startswith("./"):
                assert (ROOT / source).exists(), mount
                assert mode == ["ro"]
            else:
                assert source in compose(SEVERAL)["volumes"], name
            assert target.startswith("/")
    kept = {m.split(":")[0] for one in services(SEVERAL).values() for m in one.get("volumes", [])}
    assert kept >= compose(SEVERAL)["volumes"].keys()


def test_every_secret_is_a_file_that_git_does_not_keep() -> None:
    secrets = compose(SEVERAL)["secrets"]
    assert secrets == {name: {"file": f"deploy/secrets/{name}"} for name in secrets}
    assert "/deploy/secrets/\n" in (ROOT / ".gitignore").read_text(encoding="utf-8")
    for name, one in services(SEVERAL).items():
        assert {*one.get("secrets", [])} <= secrets.keys()
        text = json.dumps([one.get("command", []), one.get("environment", {})])
        assert {*re.findall(r"/run/secrets/(\w+)", text)} <= {*one.get("secrets", [])}, name
        for key, value in one.get("environment", {}).items():
            if re.search("PASSWORD|SECRET|TOKEN|DATABASE", key):
                assert value.startswith("/run/secrets/"), f"{name}: {key}"
    used = {secret for one in services(SEVERAL).values() for secret in one.get("secrets", [])}
    assert used == secrets.keys()
    owners = {name for name, one in services(SEVERAL).items() if "owner_database" in one.get("secrets", [])}
    assert owners == {"postgres", "migrate"}  # who serves can change no record


def load(path: str) -> Any:
    return yaml.safe_load((ROOT / "deploy" / path).read_text(encoding="utf-8"))


def test_prometheus_looks_at_each_of_ours_where_it_is() -> None:
    found = load("prometheus/prometheus.yml")
    targets: dict[str, int] = {}
    for job in found["scrape_configs"]:
        for group in job.get("static_configs", []):
            targets |= {host: int(port) for host, _, port in (t.partition(":") for t in group["targets"])}
        for group in job.get("dns_sd_configs", []):
            assert group["type"] == "A"
            targets |= dict.fromkeys(group["names"], group["port"])
        assert job["job_name"].startswith("touchline-")
        token = job.get("authorization", {}).get("credentials_file", "")
        assert bool(token) == (job["job_name"] == "touchline-gateway")
        if token:
            assert token == services(SEVERAL)["gateway"]["environment"]["TOUCHLINE_METRICS_TOKEN_FILE"]
            assert token.removeprefix("/run/secrets/") in services(SEVERAL)["prometheus"]["secrets"]
    assert targets == {name: port_of(name) for name in OURS - {"migrate"}}
    for rules in found["rule_files"]:
        assert load(f"prometheus/{rules}")["groups"]
    ((manager,),) = [g["targets"] for g in found["alerting"]["alertmanagers"][0]["static_configs"]]
    assert manager == "alertmanager:9093"
    receivers = load("prometheus/alertmanager.yml")
    assert receivers["route"]["receiver"] in {one["name"] for one in receivers["receivers"]}
    words = services(SEVERAL)["prometheus"]["command"] + services(SEVERAL)["alertmanager"]["command"]
    assert "--config.file=/etc/prometheus/prometheus.yml" in words
    assert "--config.file=/etc/alertmanager/alertmanager.yml" in words


def test_grafana_finds_prometheus_and_the_dashboard() -> None:
    (source,) = load("grafana/provisioning/datasources/prometheus.yml")["datasources"]
    assert source["url"] == "http://prometheus:9090"
    (board,) = load("grafana/provisioning/dashboards/touchline.yml")["providers"]
    mounts = dict(m.split(":")[:2] for m in services(SEVERAL)["grafana"]["volumes"])
    assert mounts["./deploy/grafana/dashboards"] == board["options"]["path"]
    assert mounts["./deploy/grafana/provisioning"] == "/etc/grafana/provisioning"
    assert (ROOT / "deploy/grafana/dashboards/touchline.json").is_file()
