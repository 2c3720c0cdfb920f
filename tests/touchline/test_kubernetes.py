"""deploy/kubernetes: manifests that agree with each other, with docker-compose.yml, and with what the processes answer."""

from __future__ import annotations

import json
import subprocess
from copy import deepcopy
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
import yaml

from tests.kit import prometheus
from tests.kit.containers import (
    OF_PYTHON,
    SEVERAL,
    calls,
    image_environment,
    known_variables,
    parsed,
    services,
)
from tests.touchline.commands import ROOT
from web.health import routes

FOLDER = ROOT / "deploy/kubernetes"
SPECIFICATION = ROOT / "tests/data/kubernetes_spec.json"
SECRET = "touchline"
PARTS = ("migrate", "gateway", "relay", "worker", "alerts")
PULSE = {"/healthz"}
"""What ``touchline.pulse`` answers; tests/touchline/test_pulse.py."""


def documents() -> list[dict[str, Any]]:
    listed = yaml.safe_load((FOLDER / "kustomization.yml").read_text(encoding="utf-8"))["resources"]
    assert {*listed} | {"kustomization.yml"} == {path.name for path in FOLDER.glob("*.yml")}
    return [one for name in listed for one in yaml.safe_load_all((FOLDER / name).read_text(encoding="utf-8"))]


def of(kind: str) -> dict[str, dict[str, Any]]:
    return {one["metadata"]["name"]: one for one in documents() if one["kind"] == kind}


def template(part: str) -> dict[str, Any]:
    found: dict[str, Any] = (of("Job") | of("Deployment"))[part]["spec"]["template"]
    return found


def container(part: str) -> dict[str, Any]:
    (found,) = template(part)["spec"]["containers"]
    return dict(found)


def flaws(found: dict[str, Any]) -> list[str]:
    """Where a manifest is not what the API takes."""
    schema = json.loads(SPECIFICATION.read_text(encoding="utf-8"))[found["kind"]]
    return [
        f"{'/'.join(map(str, error.instance_path))}: {error.message}"
        for error in jsonschema_rs.validator_for(schema).iter_errors(found)
    ]


def test_every_manifest_is_of_the_api() -> None:
    assert [flaw for one in documents() for flaw in flaws(one)] == []


def test_what_is_none_of_the_api_would_be_found() -> None:
    pod = "spec/template/spec"
    for broken, where in (
        ({"replica": 2}, "spec: "),
        ({"replicas": "two"}, "spec/replicas: "),
        ({"selector": None}, "spec/selector: "),
        ({"template": {"spec": {"containers": [{"image": "x"}]}}}, f"{pod}/containers/0: "),
        (
            {"template": {"spec": {"containers": [{"name": "x", "livenesProbe": {}}]}}},
            f"{pod}/containers/0: ",
        ),
    ):
        worker = deepcopy(of("Deployment")["worker"])
        worker["spec"] |= broken
        assert [flaw for flaw in flaws(worker) if flaw.startswith(where)], where


def test_each_part_is_there_once_in_a_version_of_the_api_that_is_stable() -> None:
    assert {*of("Job"), *of("Deployment")} == {*PARTS}
    versions = {one["kind"]: one["apiVersion"] for one in documents()}
    assert versions == {"ConfigMap": "v1", "Service": "v1", "Job": "batch/v1", "Deployment": "apps/v1"}
    for name, one in of("Deployment").items():
        labels = one["spec"]["template"]["metadata"]["labels"]
        assert one["spec"]["selector"]["matchLabels"] == labels == {"app": "touchline", "part": name}


@pytest.mark.parametrize("part", PARTS)
def test_a_pod_runs_what_compose_runs(part: str) -> None:
    one, composed = container(part), services(SEVERAL)[part]
    assert one["image"] == composed["image"]
    asked = list(calls(one["command"]))
    assert asked == list(calls(composed["command"]))
    for words in asked:
        parsed(words)
    ((settings,),) = [[source["configMapRef"]["name"] for source in one["envFrom"]]]
    given = of("ConfigMap")[settings]["data"] | {v["name"]: v["value"] for v in one["env"]}
    assert {*given, *image_environment()} - OF_PYTHON <= known_variables()
    for name in ("TOUCHLINE_KAFKA", "TOUCHLINE_BIND_BEYOND_LOOPBACK"):
        assert given[name] == composed["environment"][name]


@pytest.mark.parametrize("part", PARTS)
def test_secrets_are_mounted_from_the_one_that_the_page_makes_and_no_more_than_needed(part: str) -> None:
    spec, one = template(part)["spec"], container(part)
    (mounted,) = [v["secret"] for v in spec["volumes"] if "secret" in v]
    where = {m["name"]: m["mountPath"] for m in one["volumeMounts"]}
    assert mounted["secretName"] == SECRET
    keys = [item["key"] for item in mounted["items"]]
    made = (FOLDER / "README.md").read_text(encoding="utf-8")
    assert f"create secret generic {SECRET} " in made
    assert all(f"--from-literal={key}=" in made for key in keys)
    named = [v["value"] for v in one["env"]] + [
        word.partition("=")[2] for line in one["command"] for word in line.split() if "=/run/" in word
    ]
    assert {path.removeprefix(f"{where['secrets']}/") for path in named} == {*keys}
    assert ("owner_database" in keys) == (part == "migrate")
    assert where["tmp"] == "/tmp"


@pytest.mark.parametrize("part", PARTS)
def test_a_pod_is_closed_and_bounded(part: str) -> None:
    spec, one = template(part)["spec"], container(part)
    user, group = services(SEVERAL)[part]["user"].split(":")
    assert spec["securityContext"]["runAsNonRoot"] is True
    assert (spec["securityContext"]["runAsUser"], spec["securityContext"]["fsGroup"]) == (
        int(user),
        int(group),
    )
    assert spec["automountServiceAccountToken"] is False
    assert one["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert {*one["resources"]} == {"requests", "limits"}


@pytest.mark.parametrize("part", [part for part in PARTS if part != "migrate"])
def test_probes_ask_for_paths_that_there_are_on_the_port_that_is_served(part: str) -> None:
    one = container(part)
    ((words,),) = [list(calls(one["command"]))]
    params = parsed(words)
    port = params.get("port") or params["metrics_port"]
    served = {str(route.path) for route in routes.routes} if part == "gateway" else PULSE  # type: ignore[attr-defined]
    probes = [one[name] for name in one if name.endswith("Probe")]
    assert len(probes) >= 2
    for probe in probes:
        assert probe["httpGet"]["port"] == port
        assert probe["httpGet"]["path"] in served
    assert (
        one["livenessProbe"]["httpGet"]["path"] == "/healthz"
    )  # what waits for its database is not killed for it
    assert [p["containerPort"] for p in one["ports"]] == [port]


def test_an_upgrade_gets_through() -> None:
    """What is folded afresh waits until nobody of the older version is left (tests/touchline/test_upgrade.py): so old workers
    end first, and a gateway takes the old one's place, and events, before its tables are ready."""
    assert of("Deployment")["worker"]["spec"]["strategy"] == {"type": "Recreate"}
    assert container("gateway")["readinessProbe"]["httpGet"]["path"] == "/healthz"
    assert "strategy" not in of("Deployment")["gateway"]["spec"]


def test_prometheus_finds_every_pod_that_tells_figures_under_the_name_that_the_rules_look_for(
    tmp_path: Path,
) -> None:
    """The page's lines, with pods as the API would list them in the place of the API, which Debian's Prometheus cannot ask."""
    text = (FOLDER / "README.md").read_text(encoding="utf-8")
    config = yaml.safe_load(text.partition("```yaml\n")[2].partition("```")[0])
    (job,) = config["scrape_configs"]
    (found,) = job.pop("kubernetes_sd_configs")
    listed = yaml.safe_load((FOLDER / "kustomization.yml").read_text(encoding="utf-8"))
    assert found == {"role": "pod", "namespaces": {"names": [listed["namespace"]]}}
    job["authorization"]["credentials_file"] = str(tmp_path / "prometheus.yml")
    pods = [
        {f"__meta_kubernetes_pod_label_{name}": value for name, value in labels.items()} | port
        for labels, ports in (
            ({"app": "something", "part": "else"}, [{"name": "metrics"}]),
            *((template(part)["metadata"]["labels"], container(part).get("ports", [{}])) for part in PARTS),
        )
        for port in ({"__meta_kubernetes_pod_container_port_name": one.get("name", "")} for one in ports)
    ]
    job["static_configs"] = [{"targets": [f"10.0.0.{n}:1"], "labels": pod} for n, pod in enumerate(pods)]
    (tmp_path / "prometheus.yml").write_text(yaml.safe_dump(config), encoding="utf-8")
    tool = prometheus.needed()["promtool"]
    ask = [tool, "check", "service-discovery", "--timeout=2s", tmp_path / "prometheus.yml", job["job_name"]]
    told = subprocess.run(ask, capture_output=True, text=True, check=True)
    jobs = [one["labels"]["job"] for one in json.loads(told.stdout) if one.get("labels")]
    known = yaml.safe_load((ROOT / "deploy/prometheus/prometheus.yml").read_text(encoding="utf-8"))
    assert sorted(jobs) == sorted(one["job_name"] for one in known["scrape_configs"])


def test_the_service_leads_to_the_gateways() -> None:
    (service,) = of("Service").values()
    assert service["spec"]["selector"] == template("gateway")["metadata"]["labels"]
    (port,) = service["spec"]["ports"]
    assert port["targetPort"] in {p["name"] for p in container("gateway")["ports"]}
