"""Prometheus and Alertmanager for tests, with the tools that come with them, and the busybox whose wget their images' health
checks are.

They are taken out of Debian's packages (``apt-get download``, ``dpkg-deb -x``) into build/prometheus, 140 MB, by the first
process that asks while the others wait: nothing is installed, no service is started, and root is needed for nothing but
``apt-get update`` where apt knows no packages yet. What stands on PATH is used instead; ``TOUCHLINE_TEST_PROMETHEUS=folder``
names programs of your own (prometheus, promtool, alertmanager, amtool). Without any of it, tests that ask are skipped with one
loud line, and with CI=true they fail.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from functools import cache
from pathlib import Path

import pytest

from tests.kit.alone import alone

MISSING = "PROMETHEUS IS MISSING: rules, targets and dashboard were NOT tried by it"
KEPT = Path(__file__).parents[2] / "build" / "prometheus"
PACKAGES = ("prometheus", "prometheus-alertmanager", "busybox")
PROGRAMS = ("prometheus", "promtool", "alertmanager", "amtool", "busybox")
OTHERWISE = {"alertmanager": "prometheus-alertmanager"}
"""As Debian calls it."""
TEMPLATES = Path("/usr/share/prometheus/alertmanager")
"""Where Debian's Alertmanager looks for its texts, wherever it stands itself."""
SHOWN = """#!/bin/sh
exec unshare --mount {mapped} sh -c '
    mount --bind "{there}/usr/share" /usr/share && exec "{there}/usr/bin/prometheus-alertmanager" "$@"' alertmanager "$@"
"""
"""Shows it what was unpacked as /usr/share, and nobody else."""


class Unavailable(Exception):
    """What the machine lacks."""


@cache
def programs() -> dict[str, Path]:
    """Each of PROGRAMS, fetched where it is not there yet. Raises Unavailable."""
    system = os.environ.get("PATH", os.defpath)
    if given := os.environ.get("TOUCHLINE_TEST_PROMETHEUS"):
        there = found(given)
        if lacking := {*PROGRAMS} - {*there} - {"busybox"}:
            raise Unavailable(f"TOUCHLINE_TEST_PROMETHEUS={given} has no {', '.join(sorted(lacking))}")
        there = found(system) | there
    else:
        there = found(system)
    if there.keys() != {*PROGRAMS}:
        fetched = unpacked()
        there = found(f"{fetched}/usr/bin{os.pathsep}{fetched}/bin") | there
    return there


def found(folders: str) -> dict[str, Path]:
    """Those of PROGRAMS that stand there."""
    names = {name: shutil.which(name, path=folders) for name in PROGRAMS}
    names |= {
        name: shutil.which(word, path=folders) for name, word in OTHERWISE.items() if names[name] is None
    }
    return {name: Path(path) for name, path in names.items() if path}


def unpacked() -> Path:
    """The folder with what the packages hold. Raises Unavailable."""
    there = KEPT / "unpacked"
    with alone(KEPT / "lock"):
        if not there.is_dir():
            made = Path(tempfile.mkdtemp(prefix="half-", dir=KEPT))
            try:
                download(made)
                for package in made.glob("*.deb"):
                    subprocess.run(["dpkg-deb", "-x", package, made / "files"], check=True)
                (made / "files").rename(there)
            finally:
                shutil.rmtree(made)
        if not TEMPLATES.is_dir():
            show(there)
    return there


def download(folder: Path) -> None:
    """The packages as files. Raises Unavailable."""
    for program in ("apt-get", "dpkg-deb"):
        if shutil.which(program) is None:
            raise Unavailable(
                f"no {program}: install Prometheus and Alertmanager with their tools, and busybox"
            )
    ask = ["apt-get", "download", "-qq", *PACKAGES]
    done = subprocess.run(ask, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode and os.geteuid() == 0:  # a machine that has never heard of any package
        subprocess.run(["apt-get", "update", "-qq"], capture_output=True, check=False)
        done = subprocess.run(ask, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        raise Unavailable(f"apt-get could not fetch {' '.join(PACKAGES)}: {done.stderr.strip()[:500]}")


def show(there: Path) -> None:
    """Have its Alertmanager find its texts: in a mount of its own, or, where root may make none (a container), by a copy of
    them where it looks. Raises Unavailable."""
    alertmanager = there / "usr/bin/alertmanager"
    root = os.geteuid() == 0
    script = SHOWN.format(there=there, mapped="" if root else "--map-root-user")
    if (
        not alertmanager.is_file() or alertmanager.read_text("utf-8") != script
    ):  # another process may be running it
        alertmanager.write_text(script, "utf-8")
        alertmanager.chmod(0o755)
    if subprocess.run([alertmanager, "--version"], capture_output=True, check=False).returncode:
        alertmanager.unlink()
        if not root:
            raise Unavailable(
                "Debian's Alertmanager needs its templates (apt-get install prometheus-alertmanager)"
            )
        shutil.copytree(there / TEMPLATES.relative_to("/"), TEMPLATES)


def needed() -> dict[str, Path]:
    """The programs. Skips, or fails with CI=true, where there are none."""
    try:
        return programs()
    except Unavailable as error:
        line = f"{MISSING}: {error}"
        if os.environ.get("CI") == "true":
            pytest.fail(line)
        pytest.skip(line)
