"""GET /events: the lanes as stored, so that whoever missed something catches up and proves that nothing is missing."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from ledger.chain import GENESIS, Chain
from tests.web.site import Site, complaint, until
from tests.web.test_penalties import AMOUNTS, fined

_ = fined  # the fixture


def every(http: httpx.Client, lane: str, limit: int) -> list[dict[str, Any]]:
    """Page by page, as ``Link`` leads."""
    found: list[dict[str, Any]] = []
    where: str | None = f"/events?lane={lane}&limit={limit}"
    while where is not None:
        answer = http.get(where)
        assert answer.status_code == 200, answer.text
        found += answer.json()
        where = answer.links.get("next", {}).get("url")
    return found


def test_both_lanes_chain_from_the_first_row_to_the_last(timed: Site) -> None:
    key = timed.key()
    with timed.client(key) as http:
        for n in range(7):
            kept = http.post("/events", json=complaint(f"c{n}", timed.now())).json()
        timed.let_pass(3 * 86_400_000_000)
        until(lambda: http.get("/events?lane=verdicts").json())
        http.get(f"/cases/{kept['case_id']}", params={"after": kept["place"]})
        for lane in ("facts", "verdicts"):
            rows = every(http, lane, 3)
            chain, last = Chain(lane, 1, "云栖集团".encode()), GENESIS
            for n, row in enumerate(rows, 1):
                assert (row["place"], row["withheld"] and lane == "verdicts") == (n, False)
                if not row["withheld"]:
                    value = row["value"].encode()
                    made = chain.link(last, n, row["recorded"], value, row["after"])
                    assert made.hex() == row["chainhash"], (lane, n)
                last = bytes.fromhex(row["chainhash"])
            assert len(rows) > 6
            assert http.get("/events", params={"lane": lane, "after": len(rows)}).json() == []
            beyond = http.get("/events", params={"lane": lane, "after": len(rows) + 1})
            assert (beyond.status_code, beyond.json()["errors"][0]["field"]) == (422, "after")
        own = [row for row in every(http, "facts", 500) if row["type"] == "complaint.received"]
        assert [row["source"] for row in own] == ["hotline"] * 7
        assert "13800000000" not in json.dumps(own)
        assert "王女士" not in json.dumps(own, ensure_ascii=False)


def test_a_page_ends_with_its_bytes(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ledger.rows.BYTES", 1)
    with site.client(site.key()) as http:
        http.post("/events", json=complaint("c", site.now()))
        first = http.get("/events")
        assert (len(first.json()), "next" in first.links) == (1, True)
        assert [row["place"] for row in every(http, "facts", 500)] == list(
            range(1, len(every(http, "facts", 2)) + 1)
        )


def test_whose_rows_they_are(site: Site) -> None:
    with site.client(site.key(tenant="别家")) as http:
        http.post("/events", json=complaint("c", site.now()))
        theirs = {row["chainhash"] for row in every(http, "facts", 500)}
        own = http.get("/events", params={"tenant": 1, "lane": "facts", "after": 0, "limit": 1})
        assert own.json()[0]["chainhash"] in theirs
        assert "tenant=1" in own.links["next"]["url"]
    with site.client(site.key()) as http:
        assert theirs.isdisjoint(row["chainhash"] for row in every(http, "facts", 500))
        other = http.get("/events", params={"tenant": 1})
        assert (other.status_code, other.json()["errors"][0]["field"]) == (403, "tenant")
        assert http.get("/events?lane=both").status_code == 422
    with site.client(site.key("w", write_only=True)) as http:
        assert http.get("/events").status_code == 403


def test_penalties_are_withheld_from_all_but_the_approver(fined: tuple[Site, str, dict[str, Any]]) -> None:
    site, key, one = fined
    said = {"by": "gm-1", "amount_fen": 34567, "reason": "漏点未查明"}
    with site.client(key) as gm:
        assert gm.post(f"/penalties/{one['id']}/confirm", json=said).status_code == 202
        whole = {lane: every(gm, lane, 500) for lane in ("facts", "verdicts")}
    text = json.dumps(whole, ensure_ascii=False)
    assert "34567" in text
    assert not any(row["withheld"] for rows in whole.values() for row in rows)
    for other in (site.key(), site.key("boss", admin=True)):
        with site.client(other) as http:
            told = {lane: every(http, lane, 500) for lane in whole}
        for lane, rows in told.items():
            assert any(row["withheld"] for row in rows), lane
            assert [row["chainhash"] for row in rows] == [row["chainhash"] for row in whole[lane]]
            for row, known in zip(rows, whole[lane], strict=True):
                if row["withheld"]:
                    assert [name for name in ("id", "source", "type", "time", "value") if row[name]] == []
                else:
                    assert row == known
        hashes = {row["chainhash"] for rows in told.values() for row in rows}
        seen = json.dumps(told, ensure_ascii=False)
        for found in hashes:
            seen = seen.replace(found, "")
        assert not [word for word in AMOUNTS if word in seen]
