"""Prometheus and Alertmanager on a ``Stack``, each by the command and the health check of docker-compose.yml and by the files
of deploy/prometheus.

Of those files copies are used, in which are changed: addresses and paths; the name ``worker``, which Docker's DNS would answer
with every worker there is, for these addresses; how often is looked (2 s, so that nobody waits for 15) and judged (1 s); how
long something must have lasted (``for``, 1 s); how long Alertmanager gathers (1 s); and it has a receiver, as its file says one
is added.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import yaml

from tests.kit import kafka, prometheus
from tests.kit.containers import SEVERAL, Container, services
from tests.kit.stack import PORTS, Stack
from tests.touchline.commands import DEADLINE, ROOT, until

FILES = ROOT / "deploy/prometheus"
QUICK = "1s"


def loaded(path: Path) -> Any:
    return yaml.safe_load(path.read_text("utf-8"))


def looking(config: Any, places: Mapping[str, list[str]], manager: str, secrets: Path) -> Any:
    """prometheus.yml with the changes. ``places``: "relay:9465" -> where those that are meant by it are."""
    config["global"] |= {"scrape_interval": "2s", "evaluation_interval": QUICK}
    for job in config["scrape_configs"]:
        targets = [target for group in job.pop("static_configs", []) for target in group["targets"]]
        for group in job.pop("dns_sd_configs", []):
            targets += [f"{name}:{group['port']}" for name in group["names"]]
        job["static_configs"] = [{"targets": [place for one in targets for place in places[one]]}]
        if token := job.get("authorization"):
            token["credentials_file"] = token["credentials_file"].replace("/run/secrets", str(secrets))
    for group in config["alerting"]["alertmanagers"]:
        assert group["static_configs"] == [{"targets": ["alertmanager:9093"]}]
        group["static_configs"] = [{"targets": [manager]}]
    return config


def hasty(rules: Any) -> Any:
    """alerts.yml with the changes."""
    for group in rules["groups"]:
        for rule in group["rules"]:
            rule["for"] = QUICK
    return rules


def telling(config: Any, receiver: str) -> Any:
    """alertmanager.yml with the changes."""
    config["route"] |= {"group_wait": QUICK, "group_interval": QUICK}
    (operator,) = config["receivers"]
    operator["webhook_configs"] = [{"url": receiver}]
    return config


class Watch:
    """Both at work until ``rooms`` close. ``receiver``: the URL at which somebody is told."""

    def __init__(self, folder: Path, stack: Stack, receiver: str, rooms: ExitStack) -> None:
        programs = prometheus.needed()
        self._rooms = rooms
        ports = kafka.free_ports(2)
        self.prometheus_port, self.manager_port = ports
        copies = folder / "files"
        shutil.copytree(FILES, copies)
        places = {
            f"{service}:{port}": [f"127.0.0.1:{at}" for at in stack.at(service)]
            for service, port in PORTS.items()
        }
        manager = f"127.0.0.1:{self.manager_port}"
        self._write(
            copies / "prometheus.yml",
            looking(loaded(FILES / "prometheus.yml"), places, manager, stack.secrets),
        )
        self._write(copies / "alerts.yml", hasty(loaded(FILES / "alerts.yml")))
        self._write(copies / "alertmanager.yml", telling(loaded(FILES / "alertmanager.yml"), receiver))
        self.files = copies
        self.running = {}
        for name, port in zip(("alertmanager", "prometheus"), reversed(ports), strict=True):
            kept = folder / f"{name} volume"
            kept.mkdir()
            replaced = {
                f"/etc/{name}": str(copies),
                f"=/{name}": f"={kept}",
                "127.0.0.1:9090": f"127.0.0.1:{port}",
                "127.0.0.1:9093": f"127.0.0.1:{port}",
            }
            tools = {name: programs[name], "wget": programs["busybox"]}
            made = Container(folder / name, services(SEVERAL)[name], replaced, ours=False, others=tools)
            made.words = [name, *made.words, f"--web.listen-address=127.0.0.1:{port}"]
            rooms.callback(made.kill)
            self.running[name] = made

    @staticmethod
    def _write(path: Path, what: Any) -> None:
        path.write_text(yaml.safe_dump(what, allow_unicode=True, sort_keys=False), "utf-8")

    def start(self) -> None:
        for one in self.running.values():
            assert not one.healthy()
            one.start()
        for name, one in self.running.items():
            until(one.healthy, f"{name} is healthy", 60)
        for port in (self.prometheus_port, self.manager_port):  # healthy is sooner
            until(partial(self._ready, port), "it answers questions", 60)

    @staticmethod
    def _ready(port: int) -> bool:
        asked = httpx.get(f"http://127.0.0.1:{port}/-/ready", timeout=DEADLINE, trust_env=False)
        return asked.status_code == 200

    def _ask(self, port: int, path: str, **params: str) -> Any:
        asked = httpx.get(f"http://127.0.0.1:{port}{path}", params=params, timeout=DEADLINE, trust_env=False)
        assert asked.status_code == 200, f"{path} {params}: {asked.text}"
        return asked.json()

    def prometheus(self, path: str, **params: str) -> Any:
        """What ``/api/v1/…`` answers. Fails where it is an error or has warnings."""
        told = self._ask(self.prometheus_port, f"/api/v1/{path}", **params)
        assert told["status"] == "success"
        assert not told.get("warnings"), told
        return told["data"]

    def query(self, expression: str) -> list[dict[str, Any]]:
        """The series of an instant query."""
        found: list[dict[str, Any]] = self.prometheus("query", query=expression)["result"]
        return found

    def ring(self, labels: dict[str, str]) -> None:
        """An alert by hand, as a Prometheus would send it."""
        url = f"http://127.0.0.1:{self.manager_port}/api/v2/alerts"
        sent = httpx.post(url, json=[{"labels": labels}], timeout=DEADLINE, trust_env=False)
        assert sent.status_code == 200, sent.text

    def held(self) -> list[dict[str, Any]]:
        """The alerts that Alertmanager has."""
        found: list[dict[str, Any]] = self._ask(self.manager_port, "/api/v2/alerts")
        return found
