"""Keys, sessions, one-time links, forms from elsewhere: who gets in, as whom, and who does not."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from ledger import access
from ledger.access import Access
from tests.web.site import Site, complaint
from web import sessions

READS = (
    "/cases",
    "/promises",
    "/alerts",
    "/stream",
    "/metrics",
    "/cases/x",
    "/cases/x/history",
    "/promises/x/explain",
)


@contextmanager
def signed_in(site: Site, key: str) -> Iterator[httpx.Client]:
    """A browser that entered the key at the door."""
    with site.client() as client:
        answer = client.post("/sign-in", data={"key": key}, headers={"Origin": site.url})
        assert (answer.status_code, answer.headers["location"]) == (303, "/")
        yield client


@pytest.mark.parametrize("path", READS)
def test_without_a_key_nothing_is_read(site: Site, path: str) -> None:
    with site.client() as anybody, site.client("tl_wrong") as forger:
        for client in (anybody, forger):
            answer = client.get(path)
            assert answer.status_code == 401
            assert answer.headers["www-authenticate"].startswith("Bearer")
            assert answer.headers["content-type"] == "application/problem+json"
        for header in ("Basic abc", "Bearer", "nonsense"):
            assert anybody.get(path, headers={"Authorization": header}).status_code == 401


def test_a_write_only_key_writes_and_reads_nothing(site: Site) -> None:
    with site.client(site.key("gate", write_only=True)) as gate:
        assert gate.post("/events", json=complaint("c-1", site.now())).status_code == 202
        for path in READS:
            assert gate.get(path).status_code == 403
        refused = gate.post(
            "/sign-in", data={"key": gate.headers["authorization"][7:]}, headers={"Origin": site.url}
        )
        assert refused.status_code == 403


def test_a_key_writes_as_its_source_into_its_tenant(site: Site) -> None:
    ours, theirs = site.key("hotline"), site.key("hotline", tenant="另一集团")
    event = complaint("c-1", site.now(), source="https://forged.example", companyid="另一集团")
    with site.client(ours) as one, site.client(theirs) as two:
        here, there = one.post("/events", json=event).json(), two.post("/events", json=event).json()
        assert here["event_id"] != there["event_id"]
        assert (
            one.get(f"/cases/{here['case_id']}", params={"after": here["place"]}).json()["source"]
            == "hotline"
        )
        two.get(f"/cases/{there['case_id']}", params={"after": there["place"]})
        assert two.get(f"/cases/{here['case_id']}").status_code == 404
        assert [case["id"] for case in two.get("/cases").json()] == [there["case_id"]]


def test_signing_in_gives_a_strict_signed_cookie(site: Site) -> None:
    with signed_in(site, site.key()) as browser:
        assert browser.get("/").status_code == 200
        assert browser.get("/cases").json() == []
        value = browser.cookies[sessions.COOKIE]
    with site.client() as anybody:
        answer = anybody.post("/sign-in", data={"key": site.key()}, headers={"Origin": site.url})
        flags = answer.headers["set-cookie"].lower()
        assert "httponly" in flags
        assert "samesite=strict" in flags
        anybody.cookies.clear()
        body, _, mac = value.partition(".")
        for forged in (f"{body}.{mac[:-2]}AA", f"{body}.", "x", f"{body[:-4]}AAAA.{mac}", "%C3%A9.x"):
            assert anybody.get("/cases", headers={"Cookie": f"{sessions.COOKIE}={forged}"}).status_code == 401


def test_a_session_outlives_a_restart_and_ends_in_time(site: Site) -> None:
    with signed_in(site, site.key()) as browser:
        cookie = {"Cookie": f"{sessions.COOKIE}={browser.cookies[sessions.COOKIE]}"}
    site.stop()
    site.start()
    with site.client() as later:
        assert later.get("/cases", headers=cookie).status_code == 200
    secret = site.house.session_secret()
    old = sessions.seal(
        secret, sessions.Session(tenant="云栖集团", source="hotline", key="k", write_only=False, expires=1000)
    )
    assert sessions.read(secret, old, 999) is not None
    assert sessions.read(secret, old, 1000) is None
    assert sessions.read(b"another" * 5, old, 999) is None


def test_revoking_a_key_ends_its_sessions(site: Site) -> None:
    key = site.key()
    with signed_in(site, key) as browser:
        assert browser.get("/cases").status_code == 200
        bearer = {"Authorization": f"Bearer {key}"}
        with site.client() as robot:
            assert robot.get("/cases", headers=bearer).status_code == 200
            assert site.house.writer.call(lambda conn: access.revoke(conn, key))
            assert robot.get("/cases", headers=bearer).status_code == 401
        assert browser.get("/cases").status_code == 401
        assert browser.get("/").status_code == 303


def test_forms_from_elsewhere_are_refused(site: Site) -> None:
    with signed_in(site, site.key()) as browser:
        event = json.dumps(complaint("c-1", site.now()))
        for headers in (
            {"Origin": "https://evil.example"},
            {"Origin": "null"},
            {"Sec-Fetch-Site": "cross-site"},
            {},
        ):
            sent = browser.post(
                "/events", content=event, headers={"Content-Type": "application/json", **headers}
            )
            assert sent.status_code == 403
            assert browser.post("/sign-out", headers=headers).status_code == 403
            assert (
                browser.post("/wall/complaints", data={"description": "x"}, headers=headers).status_code
                == 403
            )
        sent = browser.post(
            "/events", content=event, headers={"Content-Type": "application/json", "Origin": site.url}
        )
        assert sent.status_code == 202
        assert browser.post("/sign-out", headers={"Origin": site.url}).status_code == 303
        assert browser.get("/cases").status_code == 401


def test_pages_lead_to_the_door_and_parts_say_so(site: Site) -> None:
    with site.client() as anybody:
        for path in ("/", "/wall/board", "/wall/cases/x"):
            page = anybody.get(path)
            assert (page.status_code, page.headers["location"]) == (303, "/sign-in")
        part = anybody.get("/wall/board", headers={"HX-Request": "true"})
        assert (part.status_code, part.headers["hx-redirect"]) == (401, "/sign-in")
        assert "密钥" in anybody.get("/sign-in").text


def test_a_link_signs_in_once(site: Site) -> None:
    nonce = site.house.admin.sign_in_link(site.tenant(), "demo")
    with site.client() as first, site.client() as second:
        page = first.get(f"/sign-in/once/{nonce}")
        assert page.status_code == 200
        assert first.get("/").status_code == 200
        assert second.get(f"/sign-in/once/{nonce}").status_code == 410
        assert second.get("/sign-in/once/nothing").status_code == 410
        assert second.get("/cases").status_code == 401
    assert site.house.admin.redeem(nonce) is None
    assert isinstance(site.house.admin.redeem(site.house.admin.sign_in_link(site.tenant(), "demo")), Access)


def test_a_wrong_key_at_the_door_says_so_and_slows_down(site: Site) -> None:
    with site.client() as anybody:
        answers = [
            anybody.post("/sign-in", data={"key": f"tl_{n}"}, headers={"Origin": site.url}).status_code
            for n in range(12)
        ]
        assert answers[0] == 401
        assert answers[-1] == 429


def test_the_language_is_chosen_and_never_leads_away(site: Site) -> None:
    with site.client() as anybody:
        for back, there in (("/sign-in", "/sign-in"), ("//evil.example", "/"), ("https://evil.example", "/")):
            answer = anybody.post(
                "/language", data={"lang": "en", "back": back}, headers={"Origin": site.url}
            )
            assert (answer.status_code, answer.headers["location"]) == (303, there)
        assert "Enter a key" in anybody.get("/sign-in").text


def test_while_the_tables_are_rebuilt_readers_are_told(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    with site.client(site.key()) as http:
        monkeypatch.setattr(site.house.reading._snapshots, "_version", "another")
        for path in ("/cases", "/promises"):
            answer = http.get(path)
            assert (answer.status_code, answer.headers["content-type"]) == (503, "application/problem+json")
            assert answer.headers["retry-after"]
        page = http.get("/")
        assert (page.status_code, page.headers["refresh"]) == (503, "5")
        assert "正在重建" in page.text
        assert http.post("/events", json=complaint("c-1", site.now())).status_code == 202


def test_every_answer_is_guarded(site: Site) -> None:
    with site.client(site.key()) as http:
        for path in ("/", "/sign-in", "/cases", "/healthz", "/static/wall.css", "/nothing"):
            headers = http.get(path).headers
            assert "script-src 'self'" in headers["content-security-policy"]
            assert "unsafe" not in headers["content-security-policy"]
            assert headers["x-content-type-options"] == "nosniff"
        assert http.get("/cases").headers["cache-control"] == "no-store"


def test_htmx_comes_from_the_wheel_and_is_kept(site: Site) -> None:
    with site.client(site.key()) as http:
        page = http.get("/").text
        for name in ("htmx.js", "htmx-sse.js", "wall.js", "wall.css"):
            address = page.split(f"/static/{name}")[1].split('"')[0]
            found = http.get(f"/static/{name}{address}")
            assert found.status_code == 200
            assert "immutable" in found.headers["cache-control"]
            again = http.get(f"/static/{name}", headers={"If-None-Match": found.headers["etag"]})
            assert again.status_code == 304
        assert "<script>" not in page
        assert " style=" not in page


def test_the_command_line_needs_the_token_of_this_start(site: Site) -> None:
    with site.client(site.key()) as key, site.client(site.house.admin.token) as owner:
        assert key.post("/admin/tenant.add", json={"name": "三号"}).status_code == 401
        assert owner.post("/admin/tenant.add", json={"name": "三号"}).json()["done"]["name"] == "三号"
        assert owner.post("/admin/no.such", json={}).status_code == 404
        assert "refused" in owner.post("/admin/tenant.add", json={"name": "三号"}).json()
        assert owner.get("/cases").status_code == 401


def test_behind_a_proxy_forms_come_from_the_public_address_and_cookies_go_by_tls_alone(
    tmp_path: Path,
) -> None:
    site = Site(tmp_path / "data", public_url="https://touchline.example")
    site.start()
    try:
        with site.client() as browser:
            form = {"key": site.key()}
            answer = browser.post("/sign-in", data=form, headers={"Origin": "https://touchline.example"})
            cookie = answer.headers["set-cookie"]
            assert (answer.status_code, "; Secure" in cookie) == (303, True)
            assert {"HttpOnly", "SameSite=strict"} <= set(cookie.split("; "))
            for origin in (
                "http://touchline.example",
                "https://touchline.example.evil",
                "https://evil.example",
                "",
            ):
                assert browser.post("/sign-in", data=form, headers={"Origin": origin}).status_code == 403
            here = browser.post("/sign-in", data=form, headers={"Origin": site.url})
            assert here.status_code == 303  # on the machine itself
    finally:
        site.stop()
