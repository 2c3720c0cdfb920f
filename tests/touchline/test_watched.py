"""Long work is shown where somebody watches: on a terminal it says what it does and how far it is, and nowhere else."""

from __future__ import annotations

import io
import sys
from pathlib import Path

import pytest

from tests.touchline.commands import Shell


class Screen(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_on_a_terminal(acme: Shell, events: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert acme("append", str(events)).code == 0
    ledger, kept = tmp_path / "complaints.xlsx", tmp_path / "kept.tar"
    boston = ("tests/data/boston311-100.csv", "--mapping", "examples/boston311.yaml", "--source", "boston")
    monkeypatch.setenv("TERM", "xterm-256color")
    for words, told in (
        (("verify",), "acme/facts: 6/6"),
        (("rebuild",), "重建 rebuild"),
        (("backup", str(kept)), "facts: 6/6"),
        (("export", "complaints", "-o", str(ledger)), "导出 exporting"),
        (("import", *boston, "--dry-run"), "导入 importing"),
    ):
        assert told not in acme(*words).err, "nobody watched"
        for made in (ledger, kept):
            made.unlink(missing_ok=True)
        with monkeypatch.context() as patch:
            patch.setattr(sys, "stderr", screen := Screen())
            code = acme(*words).code
        assert (code, told in screen.getvalue()) == (0, True), screen.getvalue()
