"""A golden ledger: one release's data folder with what its rules had made of it, packed in one file.

``record/`` is the folder as it was closed; ``tables.txt`` the canonical dump; ``rules.json`` each rule's version and tables.
"""

from __future__ import annotations

import io
import json
import lzma
import tarfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from processors.rules.protocol import Owner

HERE = Path(__file__).resolve().parent
ENDING = ".tar.xz"
FILES = ("touchline.db", "keys.db")


@dataclass(frozen=True, slots=True)
class Chest:
    """What was stored. ``rules``: name -> (version, its tables)."""

    release: str
    tables: tuple[str, ...]
    verdicts: tuple[str, ...]
    rules: dict[str, tuple[int, tuple[str, ...]]]


def releases() -> list[str]:
    """Every release that is kept here."""
    return sorted(path.name.removesuffix(ENDING) for path in HERE.glob("*" + ENDING))


def said(rules: Sequence[Owner]) -> dict[str, tuple[int, tuple[str, ...]]]:
    """What a chest says of these rules."""
    return {rule.name: (rule.version, tuple(kind.TABLE for kind in rule.rows)) for rule in rules}


def pack(
    release: str, folder: Path, tables: Iterable[str], verdicts: Iterable[str], rules: Sequence[Owner]
) -> Path:
    """Write one. The folder must be closed."""
    path = HERE / (release + ENDING)
    texts = {
        "tables.txt": "\n".join(tables),
        "verdicts.txt": "\n".join(verdicts),
        "rules.json": json.dumps(said(rules)),
    }
    with lzma.open(path, "wb", preset=9) as packed, tarfile.open(fileobj=packed, mode="w") as chest:
        for name in FILES:
            chest.add(folder / name, f"record/{name}")
        for name, text in texts.items():
            content = text.encode()
            about = tarfile.TarInfo(name)
            about.size = len(content)
            chest.addfile(about, io.BytesIO(content))
    return path


def unpack(release: str, folder: Path) -> Chest:
    """The stored dump; the record itself to ``folder``."""
    with tarfile.open(HERE / (release + ENDING)) as chest:
        for member in chest.getmembers():
            if member.name.startswith("record/"):
                member.name = member.name.removeprefix("record/")
                chest.extract(member, folder, filter="data")

        def text(name: str) -> str:
            file = chest.extractfile(name)
            assert file is not None
            return file.read().decode()

        rules = {
            name: (version, tuple(tables))
            for name, (version, tables) in json.loads(text("rules.json")).items()
        }
        return Chest(
            release, tuple(text("tables.txt").split("\n")), tuple(text("verdicts.txt").split("\n")), rules
        )
