"""``touchline satisfaction`` and ``touchline defects``: the figures in a table and as JSON, and the cases behind them."""

from __future__ import annotations

import json
from pathlib import Path

from schemas.catalogue import example
from tests.touchline.commands import Shell


def test_the_figures_and_the_cases_behind(acme: Shell, events: Path, tmp_path: Path) -> None:
    assert acme("append", str(events)).code == 0
    report = example("repair.reported")
    visit = {**example("followup.repair_first_completed"), "ticket": report["ticket"]}
    visit.pop("caseid", None)
    visit["data"] = {"satisfied": True}
    path = tmp_path / "visit.ndjson"
    path.write_text(json.dumps(visit) + "\n", encoding="utf-8")
    assert acme("append", str(path)).code == 0

    found = acme("satisfaction", "--json").json
    (figure,) = found["figures"]
    assert (figure["answered"], figure["share"], found["minimum_sample"]) == (1, None, 30)
    assert "样本不足 under 30" in acme("satisfaction", "--month", figure["month"]).out
    assert acme("satisfaction", "--month", "2001-01", "--json").json["figures"] == []
    assert found["coverage"] == []
    assert acme("satisfaction", "--as-of", "2026-03-03", "--json").json["coverage"] is None
    closed = {**report, "id": "closed-1", "type": "repair.closed", "data": {}}
    path.write_text(json.dumps(closed) + "\n", encoding="utf-8")
    assert acme("append", str(path)).code == 0
    (share,) = acme("satisfaction", "--json").json["coverage"]
    assert (share["done"], share["ripe"]) == (1, 1)
    assert "100.0 %" in acme("satisfaction").out
    (member,) = acme("satisfaction", "--coverage", "done", "--json").json
    assert acme("satisfaction", "--coverage", "ripe", "--month", share["period"], "--json").json == [member]
    assert acme("satisfaction", "--coverage", "missed", "--json").json == []
    assert member["case_id"] in acme("satisfaction", "--coverage", "done").out
    assert acme("satisfaction", "--coverage", "done", "--cases").code == 2
    (line,) = acme("satisfaction", "--cases", "--json").json
    shown = acme("satisfaction", "--cases").out
    assert line["case_id"] in shown
    assert "维修第一次回访" in shown

    (defect,) = acme("defects", "--json").json["figures"]
    assert (defect["origin"], defect["reports"]) == ("repair", 1)
    assert acme("defects", "--known-at", "2001-01-01", "--json").json["figures"] == []
    assert acme("defects", "--cause", "non_construction_quality", "--json").json["figures"] == []
    found = {**example("repair.cause_determined"), "ticket": report["ticket"]}
    path.write_text(json.dumps(found) + "\n", encoding="utf-8")
    assert acme("append", str(path)).code == 0
    blamed = ("defects", "--cause", "construction_quality", "--party", "contractor")
    assert acme(*blamed, "--json").json["total"] == {"reports": 1, "houses": 1}
    assert "施工质量 Construction quality" in acme(*blamed).out
    (line,) = acme("defects", "--cases", "--json").json
    assert acme(*blamed, "--cases", "--json").json == [line]
    assert line["case_id"] in acme("case", "show", line["case_id"]).out
    assert "合计" in acme("defects").out
    assert acme("defects", "--as-of", "2026-03-03", "--known-at", "2026-03-03").code == 2
