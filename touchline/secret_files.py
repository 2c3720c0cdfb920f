"""Secrets that stand in files, as containers are handed them: TOUCHLINE_X_FILE names the file of what TOUCHLINE_X would say."""

from __future__ import annotations

import os
from pathlib import Path

from touchline.exits import Exit, Refused


def read(path: str, setting: str) -> str:
    """What the file holds, "" where none is named. Raises Refused, which names the setting and the path alone."""
    try:
        return Path(path).read_text(encoding="utf-8") if path else ""
    except (OSError, UnicodeDecodeError) as error:
        why = type(error).__name__
        raise Refused(
            Exit.UNKNOWN, f"{setting}：读不到 {path}。", f"{setting}: cannot read {path} ({why})."
        ) from None


def line(path: str, setting: str, beside: str = "") -> str:
    """The secret in the file, without the end of its line; ``beside`` where no file is named. Raises Refused where there
    are both, or the file holds nothing, or more than a line."""
    if not path:
        return beside
    name = setting.removesuffix("_FILE")
    if beside:
        raise Refused(
            Exit.USAGE, f"{name} 与 {setting} 只能设一个。", f"{name} and {setting}: set one of the two."
        )
    found = read(path, setting).strip()
    if not found or "\n" in found:
        raise Refused(
            Exit.USAGE, f"{setting}：{path} 须恰为一行。", f"{setting}: {path} must hold exactly one line."
        )
    return found


def variable(name: str) -> str:
    """What the environment says by ``name`` or by the file of ``name``_FILE; "" where it says neither."""
    return line(os.environ.get(f"{name}_FILE", ""), f"{name}_FILE", os.environ.get(name, ""))


def database(given: str) -> str:
    """Of ``--database``: what was given there, else what TOUCHLINE_DATABASE says or its file."""
    return _chosen(given, "TOUCHLINE_DATABASE")


def keys_database(given: str) -> str:
    """Of ``--keys``: the same of TOUCHLINE_KEYS_DATABASE."""
    return _chosen(given, "TOUCHLINE_KEYS_DATABASE")


def _chosen(given: str, name: str) -> str:
    """What the command line says comes first; what an option took from its variable is the environment's word still."""
    return variable(name) if given in ("", os.environ.get(name)) else given
