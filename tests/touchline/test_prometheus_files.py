"""deploy/prometheus by the tools of Prometheus and Alertmanager, in the versions that Debian has; docker-compose.yml names
newer ones, which were not to be had."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
import yaml

from tests.kit import prometheus
from tests.kit.watch import FILES, loaded
from tests.touchline.commands import ROOT


def asked(program: str, *words: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [prometheus.needed()[program], *words], cwd=FILES, capture_output=True, text=True, check=False
    )


def test_the_rules_are_rules_and_each_has_a_name_of_its_own() -> None:
    done = asked("promtool", "check", "rules", "--lint=all", "--lint-fatal", "alerts.yml")
    assert done.returncode == 0, done.stderr
    (group,) = loaded(FILES / "alerts.yml")["groups"]
    assert f"{len(group['rules'])} rules found" in done.stdout


def test_each_rule_rings_where_it_should_and_none_where_all_is_well() -> None:
    done = asked("promtool", "test", "rules", "alerts_test.yml")
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("found", ["prometheus.yml", "../../docs/metrics.md"])
def test_what_is_to_be_looked_at_is_said_as_prometheus_reads_it(found: str, tmp_path: Path) -> None:
    """The file, and the lines that the page would have added to one's own."""
    path = FILES / found
    text = path.read_text("utf-8")
    if path.suffix == ".md":
        (text,) = (part.partition("```")[0] for part in text.split("```yaml\n")[1:])
    token = tmp_path / "token"
    token.write_text("word\n")
    config = yaml.safe_load(text)
    named = [job["authorization"] for job in config["scrape_configs"] if "authorization" in job]
    assert named
    for one in named:
        one["credentials_file"] = str(token)
    config["rule_files"] = [str(FILES / name) for name in config.get("rule_files", [])]
    (tmp_path / "prometheus.yml").write_text(yaml.safe_dump(config), "utf-8")
    done = asked("promtool", "check", "config", tmp_path / "prometheus.yml")
    assert done.returncode == 0, done.stderr


def test_alertmanager_knows_whom_to_tell() -> None:
    done = asked("amtool", "check-config", "alertmanager.yml")
    assert done.returncode == 0, done.stderr
    routed = ["config", "routes", "test", "--config.file=alertmanager.yml", "alertname=TouchlineDown"]
    assert asked("amtool", *routed).stdout == "operator\n"


def test_what_is_none_of_it_is_refused(tmp_path: Path) -> None:
    """The tools would say so."""
    for name, (here, there), program, *words in (
        ("alerts.yml", ("for: 2m", "for: two"), "promtool", "check", "rules"),
        ("alerts.yml", ("touchline_parked > 0", "touchline_parked >"), "promtool", "check", "rules"),
        ("prometheus.yml", ("static_configs", "static_config"), "promtool", "check", "config"),
        ("alertmanager.yml", ("receiver: operator", "receiver: nobody"), "amtool", "check-config"),
    ):
        text = (FILES / name).read_text("utf-8")
        assert here in text
        (tmp_path / name).write_text(text.replace(here, there, 1), "utf-8")
        assert asked(program, *words, tmp_path / name).returncode != 0, (name, there)
    (tmp_path / "alerts.yml").write_text(
        (FILES / "alerts.yml").read_text("utf-8").replace("touchline_parked > 0", "touchline_parked > 1"),
        "utf-8",
    )
    (tmp_path / "alerts_test.yml").write_text((FILES / "alerts_test.yml").read_text("utf-8"), "utf-8")
    assert asked("promtool", "test", "rules", tmp_path / "alerts_test.yml").returncode != 0


def test_without_it_it_is_said_what_to_install_and_ci_does_not_pass(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(prometheus, "programs", prometheus.programs.__wrapped__)
    monkeypatch.setattr(prometheus, "KEPT", tmp_path)
    monkeypatch.delenv("TOUCHLINE_TEST_PROMETHEUS", raising=False)
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.setenv("CI", "false")
    with pytest.raises(pytest.skip.Exception, match=f"{prometheus.MISSING}: no apt-get: install Prometheus"):
        prometheus.needed()
    monkeypatch.setenv("CI", "true")
    with pytest.raises(pytest.fail.Exception, match=prometheus.MISSING):
        prometheus.needed()
    monkeypatch.setenv("TOUCHLINE_TEST_PROMETHEUS", str(ROOT))
    with pytest.raises(pytest.fail.Exception, match="has no alertmanager, amtool, prometheus, promtool"):
        prometheus.needed()
