"""What an operator gets: one id for each request, faults that name no customer, figures of all tenants for one token."""

from __future__ import annotations

import asyncio
import json
import re
from pathlib import Path

import httpx
import pytest
import structlog
from fastapi import FastAPI
from structlog.testing import capture_logs

from processors.embedded import EmbeddedRunner
from schemas.instants import SECOND
from tests.web.site import Site, complaint, until
from touchline import logs
from touchline.exits import Refused
from touchline.serving import metrics_token, services
from touchline.settings import Settings
from web.app import create_app

TOKEN = "3f8a5c1e9b7d2046a8c3e5f7"
CLEAR = ("13800000000", "王女士", "卫生间天花板渗水", "C-1")
"""What the complaint says of a customer."""


@pytest.mark.parametrize("given", ["req-7/a", "0af7651916cd43dd8448eb211c80319c"])
def test_the_senders_request_id_comes_back(site: Site, given: str) -> None:
    with site.client(site.key()) as http:
        kept = http.post("/events", json=complaint("c-1", site.now()), headers={"X-Request-Id": given})
        assert (kept.status_code, kept.headers["x-request-id"]) == (202, given)
        missing = http.get("/cases/none", headers={"X-Request-Id": given})
        assert (missing.status_code, missing.json()["request_id"]) == (404, given)


@pytest.mark.parametrize("given", ["", "13800000000", "call 138-0000-0000", "<b>", "x" * 200, "王"])
def test_another_is_made_where_there_is_none_to_keep(site: Site, given: str) -> None:
    headers = {b"X-Request-Id": given.encode()} if given else {}
    with site.client(site.key()) as http:
        made = [http.get("/nothing", headers=headers) for _ in range(2)]
    ids = [answer.headers["x-request-id"] for answer in made]
    assert len(set(ids)) == 2
    assert all(re.fullmatch("[0-9a-f]{32}", one) for one in ids)
    assert [answer.json()["request_id"] for answer in made] == ids


def test_a_fault_is_logged_by_its_place_and_never_by_what_it_says(site: Site) -> None:
    app: FastAPI = create_app(services(site.house))

    async def broken(who: str) -> None:
        raise ValueError(f"{who} of 王女士")

    app.add_api_route("/broken/{who}", broken)

    async def ask() -> httpx.Response:
        transport = httpx.ASGITransport(app, raise_app_exceptions=True)
        async with httpx.AsyncClient(transport=transport, base_url="http://here") as http:
            return await http.get("/broken/13800000000?name=王女士", headers={"X-Request-Id": "r-1"})

    with capture_logs() as lines:
        answer = asyncio.run(ask())
    assert (answer.status_code, answer.headers["content-type"]) == (500, "application/problem+json")
    assert (answer.headers["x-request-id"], answer.json()["request_id"]) == ("r-1", "r-1")
    assert "script-src 'self'" in answer.headers["content-security-policy"]
    (line,) = lines
    assert (line["event"], line["error"], line["route"]) == ("fault", "ValueError", "/broken/{who}")
    assert line["at"][-1].endswith(" broken")
    assert not [word for word in CLEAR if word in json.dumps([line, answer.json()], ensure_ascii=False)]


def test_what_could_not_be_kept_is_logged_with_the_id_and_no_personal_data(
    site: Site, capfd: pytest.CaptureFixture[str]
) -> None:
    logs.configure("json")
    key = site.key()
    site.house.writer.close()
    with site.client(key) as http:
        refused = http.post("/events", json=complaint("c-1", site.now()), headers={"X-Request-Id": "batch-9"})
        assert (refused.status_code, refused.json()["request_id"]) == (503, "batch-9")
    as_before()
    said = capfd.readouterr().err
    (line,) = [json.loads(one) for one in said.splitlines() if '"request_id"' in one]
    assert (line["event"], line["request_id"], line["route"], line["status"]) == (
        "answered",
        "batch-9",
        "/events",
        503,
    )
    assert not [word for word in CLEAR if word in said]


def as_before() -> None:
    logs.configure("text")
    structlog.reset_defaults()


@pytest.mark.parametrize("form", ["text", "json"])
def test_a_logged_error_shows_no_local_variable(form: str, capfd: pytest.CaptureFixture[str]) -> None:
    logs.configure(form)

    def fails(customer: str) -> None:
        raise RuntimeError(f"a step failed for {len(customer)} letters")

    try:
        fails(CLEAR[1])
    except RuntimeError as error:
        structlog.get_logger("rebuild").error("rebuild_failed", exc_info=error)
    as_before()
    said = capfd.readouterr().err
    assert "a step failed" in said
    assert "in fails" in said
    assert not [word for word in CLEAR if word in said]
    if form == "json":
        assert json.loads(said)["event"] == "rebuild_failed"


def test_the_operators_token_reads_figures_of_all_tenants_and_nothing_else(tmp_path: Path) -> None:
    kept = tmp_path / "token"
    kept.write_text(TOKEN + "\n")
    site = Site(tmp_path / "data", metrics_token_file=str(kept))
    site.start()
    try:
        with site.client(site.key()) as one, site.client(site.key(tenant="望江集团")) as other:
            assert one.post("/events", json=complaint("c-1", site.now())).status_code == 202
            mine = other.get("/metrics").text
        assert "tenant=" not in mine
        assert "touchline_http_answers" not in mine  # that is of all together
        with site.client(TOKEN) as operator:
            text = operator.get("/metrics").text
            assert 'touchline_events_kept_total{tenant="1"} 1.0' in text
            assert 'touchline_events_kept_total{tenant="2"} 0.0' in text
            assert 'touchline_append_seconds_bucket{le="+Inf",tenant="1"} 1.0' in text
            assert 'touchline_http_answers_total{status="202"} 1.0' in text
            assert "touchline_engine_running 1.0" in text
            assert "touchline_database_up 1.0" in text
            assert "集团" not in text
            assert text.count("# TYPE touchline_fact_place gauge") == 1
            assert operator.get("/cases").status_code == 401
            assert operator.post("/events", json=complaint("c-2", site.now())).status_code == 401
        with site.client(TOKEN[:-1] + "0") as forger:
            assert forger.get("/metrics").status_code == 401
    finally:
        site.stop()


def test_health_checks_and_scrapes_are_no_requests(tmp_path: Path) -> None:
    """Where /readyz answers 503 every few seconds nobody was refused an event."""
    kept = tmp_path / "token"
    kept.write_text(TOKEN)
    site = Site(tmp_path / "data", metrics_token_file=str(kept))
    site.start()
    try:
        with site.client(TOKEN) as operator:
            for path in ("/healthz", "/readyz", "/metrics"):
                assert operator.get(path).status_code == 200
            assert operator.get("/nothing").status_code == 404
            counted = re.findall(
                r'touchline_http_answers_total{status="(\d+)"} (\d+)', operator.get("/metrics").text
            )
        assert dict(counted) == {"202": "0", "404": "1", "500": "0", "503": "0"}
    finally:
        site.stop()


def test_how_long_something_due_has_waited_is_told(timed: Site) -> None:
    """Also where no fact comes any more: then nothing else says that no engine is at work."""
    with timed.client(timed.key()) as http:
        sent = http.post("/events", json=complaint("c-1", timed.now())).json()
        assert http.get(f"/cases/{sent['case_id']}", params={"after": sent["place"]}).status_code == 200

        def waited() -> str:
            (found,) = re.findall(r"^touchline_due_seconds (\S+)", http.get("/metrics").text, re.MULTILINE)
            return str(found)

        assert waited() == "0.0"
        runner = timed.house.runner
        assert isinstance(runner, EmbeddedRunner)
        with runner.pause():
            at = timed.house.reading.engine.earliest(timed.tenant())
            timed.let_pass(at - timed.now() + 90 * SECOND)
            assert waited() == "90.0"
        until(lambda: waited() == "0.0")


def test_without_a_token_file_there_is_no_such_door(site: Site) -> None:
    with site.client() as http:
        for header in ("Bearer", "Bearer x", "", "x"):
            assert http.get("/metrics", headers={"Authorization": header}).status_code == 401


@pytest.mark.parametrize("content", [None, "", "short", "two words that are long enough"])
def test_a_token_file_that_is_of_no_use_is_refused_at_the_start(tmp_path: Path, content: str | None) -> None:
    path = tmp_path / "token"
    if content is not None:
        path.write_text(content)
    with pytest.raises(Refused, match="token"):
        metrics_token(Settings(metrics_token_file=str(path)))


def test_a_fault_of_a_page_is_told_as_a_page(site: Site) -> None:
    app: FastAPI = create_app(services(site.house))

    async def broken() -> None:
        raise ValueError("王女士")

    app.add_api_route("/wall/broken", broken)

    async def ask() -> httpx.Response:
        transport = httpx.ASGITransport(app, raise_app_exceptions=True)
        async with httpx.AsyncClient(transport=transport, base_url="http://here") as http:
            return await http.get("/wall/broken", headers={"X-Request-Id": "r-2"})

    with capture_logs():
        answer = asyncio.run(ask())
    assert (answer.status_code, answer.headers["content-type"]) == (500, "text/html; charset=utf-8")
    assert "服务器出错" in answer.text
    assert "编号告诉管理员：r-2" in answer.text
