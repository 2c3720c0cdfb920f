"""``touchline source``: a delay is declared through the counter, and the list says how far each source has reported."""

from __future__ import annotations

import json
from pathlib import Path

from schemas.instants import HOUR, format_instant, parse_instant
from tests.touchline.commands import Shell, serving
from touchline.exits import Exit


def reported(tmp_path: Path, number: str, through: int) -> str:
    path = tmp_path / f"{number}.json"
    said = {
        "specversion": "1.0", "id": number, "type": "source.reported_through", "time": format_instant(through),
        "data": {"through_at": format_instant(through)},
    }  # fmt: skip
    path.write_text(json.dumps(said) + "\n", "utf-8")
    return str(path)


def test_a_delay_is_declared_and_the_lag_is_listed(acme: Shell, events: Path, tmp_path: Path) -> None:
    assert acme("append", str(events)).code == 0
    (before,) = acme("source", "list", "--json").json
    assert (before["source"], before["reports_within"], before["late"]) == ("call-centre", None, False)
    assert before["types"] == ["complaint.received", "inquiry.received", "repair.reported"]
    declare = ("source", "declare", "--source", "call-centre", "--reports-within")
    assert acme(*declare, "26h", "--json").json["reports_within"] == "26h"
    through = parse_instant("2026-03-03T00:00:00+08:00")
    assert acme("append", reported(tmp_path, "r1", through)).code == 0
    (after,) = acme("source", "list", "--json").json
    assert (after["reports_within"], after["late"]) == ("26h", True)
    assert parse_instant(after["reported_through"]) == through
    now = parse_instant(after["reported"])
    assert after["lag_seconds"] * 1_000_000 >= now - through - 1_000_000 > 26 * HOUR
    listed = acme("source", "list").out
    assert all(word in listed for word in ("call-centre", "26h", "逾时 late", "2026-03-0"))
    assert acme(*declare, "0h").code == 0
    assert acme("source", "list", "--json").json[0]["late"] is False, "it reports at once again"


def test_what_is_no_delay_is_refused(acme: Shell) -> None:
    for wrong in ("26", "32d", "-1h", "1wd", ""):
        refused = acme("source", "declare", "-s", "crm", "--reports-within", wrong)
        assert refused.code == Exit.USAGE
        assert "31d" in refused.err
    assert acme("source", "declare", "-s", "touchline", "--reports-within", "1h").code == Exit.USAGE
    assert acme("source", "list", "--json").json == []


def test_it_goes_through_the_running_server(acme: Shell) -> None:
    with serving(acme.folder):
        assert acme("source", "declare", "-s", "crm", "--reports-within", "2d").code == 0
    assert acme("key", "create", "-s", "crm").code == 0  # and the engine is brought to the head
    (one,) = acme("source", "list", "--json").json
    assert (one["source"], one["reports_within"], one["reported_through"]) == ("crm", "2d", None)
