"""``touchline penalties`` and the approver's key, from the command line; and who has a case."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from schemas.catalogue import example
from schemas.instants import DAY, parse_instant
from tests.touchline.commands import Shell, serving, until
from touchline.exits import Exit

MOMENT = parse_instant("2026-03-02T16:00:00+08:00")
ON = """profile: default
version: "2026.2"
extends: default
effective_from: 2026-02-01T00:00:00+08:00
penalties: {enabled: true, default_fen: 23457}
"""


def written(path: Path, events: list[dict[str, Any]]) -> str:
    path.write_text("".join(json.dumps(one) + "\n" for one in events), encoding="utf-8")
    return str(path)


def test_an_approver_lists_what_is_proposed(acme: Shell, tmp_path: Path) -> None:
    made = acme("key", "create", "--source", "gm", "--approver", "--json").json
    assert made["key"].startswith("tlp_")
    assert acme("key", "create", "--source", "gm", "--approver", "--admin").code == Exit.USAGE
    (tmp_path / "on.yaml").write_text(ON, encoding="utf-8")
    assert acme("policy", "publish", str(tmp_path / "on.yaml")).code == 0
    complaints = [
        {**example("complaint.received", MOMENT + n * DAY), "ticket": f"T{n}", "source": "call-centre"}
        for n in range(2)
    ]
    answers = acme("append", written(tmp_path / "c.ndjson", complaints), "--source", "call-centre", "--json")
    assert answers.code == 0, answers.err
    case = answers.json[1]["case_id"]
    (one,) = acme("penalties", "list", "--json").json
    assert (one["case_id"], one["rule"], one["amount_fen"]) == (case, "rule1", 23457)
    shown = acme("penalties", "list", "--state", "proposed").out
    assert "234.57 元" in shown
    assert "客服中心" in shown
    assert acme("penalties", "list", "--state", "confirmed", "--json").json == []
    assert acme("penalties", "list", "--state", "booked").code == Exit.USAGE
    assert "234.57 元" in acme("case", "show", case, "--penalties").out
    name = one["id"]
    by = ("--by", "gm-1", "--source", "gm")
    assert acme("penalties", "confirm", name, "--amount", "much", *by).code == Exit.USAGE
    assert "200.00 元 至 1000.00 元" in acme("penalties", "confirm", name, "--amount", "19.99", *by).err
    assert acme("penalties", "waive", "none", *by).code == Exit.UNKNOWN
    assert acme("penalties", "undo", name, "--source", "gm").code == Exit.USAGE
    said = ("--bearer", "kf-3", "--reason", "漏点未查明")
    assert acme("penalties", "confirm", name, "--amount", "300.5", *said, *by).code == 0
    (now,) = acme("penalties", "list", "--json").json
    assert (now["state"], now["amount_fen"], now["bearer_ref"], now["decided_by"]) == (
        "confirmed", 30050, "kf-3", "gm-1",
    )  # fmt: skip
    with serving(acme.folder):
        assert (
            acme("penalties", "waive", name, "--objection", "客户改约", *by, "--json").json["type"]
            == "penalty.waived"
        )
        until(
            lambda: acme("penalties", "list", "--json").json[0]["state"] == "waived", "the waiver is folded"
        )
        assert acme("penalties", "undo", name, "--source", "gm").code == 0
        until(
            lambda: acme("penalties", "list", "--json").json[0]["amount_fen"] == 30050, "confirmed as before"
        )
        assert acme("penalties", "undo", name, "--source", "gm").code == 0
        until(
            lambda: acme("penalties", "list", "--json").json[0]["state"] == "proposed", "proposed as before"
        )
    plain = acme("case", "show", case).out + acme("tail", "--json", "-n", "500").out
    plain += acme("export", "complaints", "-o", str(tmp_path / "c.csv")).out
    plain += (tmp_path / "c.csv").read_text("utf-8-sig")
    assert "T1" in plain
    assert "234.57" not in plain
    assert '"amount_fen": 23457' not in plain
