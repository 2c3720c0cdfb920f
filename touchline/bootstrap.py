"""From a bare checkout to a running Touchline: `.venv` at the top of it, then the command asked for.

Only the standard library is imported here, for this runs before anything is installed. What is in `.venv` is
told by a stamp file holding a digest of the lock; a `.venv` that is half made, moved or of another Python is
made anew. Nothing of the user's own pip settings (mirrors, proxies) is overridden.
"""

from __future__ import annotations

import compileall
import hashlib
import os
import shutil
import subprocess
import sys
import venv
from collections.abc import Callable, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
BIN = VENV / ("Scripts" if os.name == "nt" else "bin")
PYTHON = BIN / ("python.exe" if os.name == "nt" else "python")

DATABASE = ("postgresql",)
BROKER = ("openjdk-17-jre-headless", "maven")
ROOMS = (
    "schemas",
    "policies",
    "ledger",
    "processors",
    "projections",
    "producers",
    "alerts",
    "web",
    "touchline",
)
"""Our packages, as pyproject.toml names them."""
UNAVAILABLE = 4
"""Exit code where the machine lacks something ; the same as in ``touchline.exits``."""

SAID = {
    "ensurepip": (
        "这个 Python 不带 ensurepip，无法建立 .venv；Debian/Ubuntu 请先执行 apt-get install python3-venv。",
        "This Python has no ensurepip, so .venv cannot be made; on Debian: apt-get install python3-venv",
    ),
    "venv": (
        "无法在 {what} 建立虚拟环境。",
        "The virtual environment {what} could not be made.",
    ),
    "install": (
        "依赖安装失败（见上方 pip 的输出）；修好网络或镜像后再执行一次，会从头补齐。",
        "The packages could not be installed (pip says why above); mend that and run it again.",
    ),
    "browser": (
        "没有找到 chromium 或中文字体，页面测试将跳过；可执行 apt-get install chromium fonts-noto-cjk。",
        "No chromium or no Chinese fonts here: the page tests will be skipped "
        "(apt-get install chromium fonts-noto-cjk).",
    ),
    "database": (
        "没有找到 PostgreSQL，相关测试将跳过；可执行 apt-get install postgresql。",
        "No PostgreSQL here: its tests will be skipped (apt-get install postgresql).",
    ),
    "kafka": (
        "没有找到 Java 或 Maven，Kafka 测试将跳过；可执行 apt-get install openjdk-17-jre-headless maven。",
        "No Java or no Maven here: the tests with Kafka will be skipped "
        "(apt-get install openjdk-17-jre-headless maven).",
    ),
    "prometheus": (
        "没有找到 Prometheus 与 Alertmanager，也没有 apt-get 可取，相关测试将跳过；可执行 apt-get install prometheus "
        "prometheus-alertmanager busybox。",
        "No Prometheus and no Alertmanager here, nor an apt-get that fetches them: the tests with them will be skipped "
        "(apt-get install prometheus prometheus-alertmanager busybox).",
    ),
    "preparing": ("正在准备 .venv（首次约一分钟）…", "Preparing .venv (about a minute the first time) …"),
}


class Cannot(Exception):
    """One sentence, in Chinese and English, that says why it does not go on."""

    def __init__(self, key: str, what: str = "") -> None:
        super().__init__("\n".join(SAID[key]).format(what=what))


def main(arguments: Sequence[str]) -> int:
    """``demo`` (also where nothing is said), ``test``, ``lint``, ``bench``, ``chaos``, ``install``, or any command of ours."""
    task, rest = (arguments[0], list(arguments[1:])) if arguments else ("demo", [])
    try:
        if task == "install":
            prepare("run")
            return 0
        if task in ("lint", "test"):
            prepare("test")
            lint_code = lint() if task == "lint" or not rest else 0
            return lint_code or (test(rest) if task == "test" else 0)
        if task == "bench":
            prepare("test")
            return hand_over([str(PYTHON), "-m", "benchmarks", *rest])
        if task == "chaos":
            prepare("test")
            supplied("database", has_database, *DATABASE)
            supplied("kafka", has_kafka, *BROKER)
            return hand_over([str(PYTHON), "-m", "tests.chaos", *rest])
        prepare("run")
    except Cannot as why:
        print(why, file=sys.stderr)
        return UNAVAILABLE
    return hand_over([str(PYTHON), "-m", "touchline", task, *rest])


def prepare(kind: str) -> None:
    """Brings ``.venv`` to ``requirements/<kind>.lock``; ``test`` holds all of ``run``. Raises Cannot."""
    install(kind)
    compiled()


def compiled() -> None:
    """Our modules as bytecode, which pip leaves out of an editable install: where Python itself may not write it
    (PYTHONDONTWRITEBYTECODE), every command would compile them anew, a quarter of its start. ``works`` saw to it that `.venv`
    is of this Python. Takes 50 ms where nothing has changed; a checkout that cannot be written goes without."""
    for room in ROOMS:
        compileall.compile_dir(ROOT / room, quiet=2)


def install(kind: str) -> None:
    """Nothing where the stamp says that it was done."""
    wanted = digest(kind)
    stamp = VENV / f".touchline-{kind}"
    if works() and stamp.is_file() and stamp.read_text() == wanted:
        return
    print(" ".join(SAID["preparing"]), file=sys.stderr, flush=True)
    for old in VENV.glob(".touchline-*"):
        old.unlink()
    if not works():
        make_venv()
    pip = [str(PYTHON), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps"]
    steps = (
        [*pip, "--require-hashes", "-r", str(ROOT / "requirements" / f"{kind}.lock")],
        [*pip, "--no-build-isolation", "--editable", str(ROOT)],
    )
    for step in steps:
        if subprocess.call(step, cwd=ROOT) != 0:
            raise Cannot("install")
    for done in ("run", "test") if kind == "test" else ("run",):
        (VENV / f".touchline-{done}").write_text(digest(done))


def digest(kind: str) -> str:
    """What the stamp must hold: SHA-256 of lock, pyproject.toml, this Python and the checkout's place."""
    told = hashlib.sha256()
    for part in (
        (ROOT / "requirements" / f"{kind}.lock").read_bytes(),
        (ROOT / "pyproject.toml").read_bytes(),
        f"{sys.version_info[:2]} {VENV}".encode(),
    ):
        told.update(len(part).to_bytes(8, "big") + part)
    return told.hexdigest()


def works() -> bool:
    """Whether ``.venv`` is one, here, of this Python's version, with pip."""
    ask = "import sys, pip; print(sys.prefix, sys.version_info[:2])"
    try:
        told = subprocess.run(
            [str(PYTHON), "-c", ask], capture_output=True, text=True, check=False, timeout=60
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return told.returncode == 0 and told.stdout.strip() == f"{VENV} {sys.version_info[:2]}"


def make_venv() -> None:
    """``.venv`` anew, whatever stood there. Raises Cannot where this Python has no ensurepip."""
    try:
        import ensurepip  # noqa: F401
    except ImportError:
        raise Cannot("ensurepip") from None
    if VENV.is_symlink() or VENV.is_file():
        VENV.unlink()
    try:
        venv.EnvBuilder(clear=True, with_pip=True, symlinks=os.name != "nt").create(VENV)
    except (OSError, subprocess.CalledProcessError):
        raise Cannot("venv", str(VENV)) from None


def lint() -> int:
    """ruff, its formatter, mypy --strict and the import contract; the first that complains ends it."""
    for check in (
        [str(PYTHON), "-m", "ruff", "check", "--quiet", "."],
        [str(PYTHON), "-m", "ruff", "format", "--check", "--quiet", "."],
        [str(PYTHON), "-m", "mypy"],
        [str(BIN / "lint-imports"), "--no-logo"],
    ):
        code = subprocess.call(check, cwd=ROOT)
        if code:
            return code
    return 0


def test(arguments: Sequence[str]) -> int:
    """pytest, on half again as many processes as there are cores, since a quarter of the time was spent waiting for servers and
    brokers; with CI=true a skipped test is a failed run."""
    command = [str(PYTHON), "-m", "pytest", "-q", "-p", "tests.no_skips"]
    if not arguments:
        supplied("browser", has_browser, "chromium", "fonts-noto-cjk", "fontconfig")
        supplied("database", has_database, *DATABASE)
        supplied("kafka", has_kafka, *BROKER)
        supplied("prometheus", has_prometheus)
        # each process has its own part of the files, so that what a file sets up is set up once; then it takes of the others'
        cores = os.cpu_count() or 1
        command += ["-n", str(cores + cores // 2), "--dist", "worksteal"]
    return subprocess.call([*command, *arguments], cwd=ROOT)


def supplied(what: str, there: Callable[[], bool], *packages: str) -> None:
    """What the tests need of the machine: installed where root and apt-get are there, else said to be missing."""
    if there():
        return
    if shutil.which("apt-get") and hasattr(os, "geteuid") and os.geteuid() == 0:
        quiet = dict(os.environ, DEBIAN_FRONTEND="noninteractive")
        subprocess.call(["apt-get", "update", "-qq"], env=quiet)
        subprocess.call(
            ["apt-get", "install", "-qq", "-y", "--no-install-recommends", *packages],
            env=quiet,
            stdout=subprocess.DEVNULL,
        )
    if not there():
        print("\n".join(SAID[what]), file=sys.stderr)


def has_browser() -> bool:
    """Whether a Chromium is on the path and fontconfig knows a font with Chinese characters."""
    if not any(shutil.which(name) for name in ("chromium", "chromium-browser", "google-chrome")):
        return False
    fonts = shutil.which("fc-list")
    return fonts is not None and bool(
        subprocess.run([fonts, ":lang=zh-cn"], capture_output=True, check=False).stdout
    )


def has_database() -> bool:
    """Whether PostgreSQL's own programs are here, on the path or where Debian keeps them."""
    return bool(shutil.which("initdb") or list(Path("/usr/lib/postgresql").glob("*/bin/initdb")))


def has_kafka() -> bool:
    """Whether there is what fetches Kafka for the tests and runs it; or one that runs was named."""
    return bool(os.environ.get("TOUCHLINE_TEST_KAFKA") or (shutil.which("java") and shutil.which("mvn")))


def has_prometheus() -> bool:
    """Whether there is what fetches Prometheus and Alertmanager for the tests, without installing them; or they are here."""
    own = bool(os.environ.get("TOUCHLINE_TEST_PROMETHEUS")) or shutil.which("prometheus") is not None
    return own or (shutil.which("apt-get") is not None and shutil.which("dpkg-deb") is not None)


def hand_over(command: list[str]) -> int:
    """Becomes that command where the system can, so that signals reach it; else runs it for its code."""
    environment = dict(os.environ, PYTHONUTF8="1")
    if os.name != "nt":
        os.chdir(ROOT)
        os.execve(command[0], command, environment)
    return subprocess.call(command, cwd=ROOT, env=environment)
