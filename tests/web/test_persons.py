"""个人信息请求 over HTTP: found, copied and erased by an administrator's key alone; then no answer tells of them."""

from __future__ import annotations

import json

from producers.inbox.letter import Content, Decision
from tests.web.site import Site, complaint, until

NAME, PHONE, TEXT = "王女士", "13800000000", "卫生间天花板渗水"


def test_found_copied_and_erased(site: Site) -> None:
    with site.client(site.key()) as plain, site.client(site.key("desk", admin=True)) as desk:
        kept = plain.post("/events", json=complaint("c-1", site.now())).json()
        whom = {"phone": PHONE}
        person = desk.post("/persons/find", json=whom).json()["person"]
        assert (
            desk.post("/persons/find", json={"number": "C-1", "source": "hotline"}).json()["person"] == person
        )
        assert (
            desk.post("/persons/find", json={"number": "C-1"}).status_code == 404
        )  # another source's number
        assert desk.post("/persons/find", json={}).status_code == 422

        copy = desk.get(f"/persons/{person}/events")
        assert copy.headers["content-type"] == "application/x-ndjson"
        lines = [json.loads(line) for line in copy.text.splitlines()]
        assert [line["type"] for line in lines] == ["complaint.received", "privacy.access_recorded"]
        assert lines[0]["data"]["customer"]["name"] == NAME
        assert lines[1]["data"] == {"subject_ref": person, "by": "desk", "purpose": "subject_copy"}

        history = f"/cases/{kept['case_id']}/history"
        asked = desk.post(f"/persons/{person}/erasure", json={"basis": "customer_request", "by": "kf-001"})
        assert asked.status_code == 202
        assert asked.json()["erased"] is None
        until(lambda: site.house.ledger.erased(site.tenant()))
        until(lambda: desk.get(f"/persons/{person}/events").status_code == 410)
        again = desk.post(f"/persons/{person}/erasure", json={"basis": "customer_request", "by": "kf-001"})
        assert (again.status_code, again.json()["event_id"]) == (202, None)
        assert desk.post("/persons/find", json=whom).status_code == 404

        shown = plain.get(history, params={"after": kept["place"]}).json()["touchpoints"][0]["data"]
        assert shown["description"] == {"erased": True}
        said = "".join(
            plain.get(path).text for path in ("/cases", history, "/promises", "/alerts", "/metrics")
        )
    assert [word for word in (NAME, PHONE, TEXT) if word in said] == []


def test_letters_that_name_them_are_told(site: Site) -> None:
    with site.client(site.key()) as plain, site.client(site.key("desk", admin=True)) as desk:
        plain.post("/events", json=complaint("c-1", site.now()))
        letters = site.house.inbox.letters
        contents = [Content("", (), text.encode()) for text in (PHONE, f"{PHONE} 13600002222")]
        theirs, shared = (
            letters.keep(site.tenant(), "pbx", "", "", one, Decision("dead")).result(60).id
            for one in contents
        )
        found = desk.post("/persons/find", json={"phone": PHONE}).json()
        assert found["letters"] == [theirs, shared]
        copy = desk.get(f"/persons/{found['person']}/events").text
        assert [json.loads(line)["letter"] for line in copy.splitlines()[-2:]] == [theirs, shared]
        path, why = f"/persons/{found['person']}/erasure", {"basis": "customer_request", "by": "kf-001"}
        asked = desk.post(path, json=why).json()
        assert (asked["letters"], asked["letters_left"]) == ([theirs], [shared])
        until(lambda: site.house.ledger.erased(site.tenant()))
        again = desk.post(path, json=why).json()
        assert (again["event_id"], again["letters_left"]) == (None, [shared])
        assert desk.get(f"/dead-letters/{shared}").json()["cause"] == "names_erased_person"
        assert desk.post(
            f"/dead-letters/{shared}/discard", json={"by": "it-7", "reason": "test_data"}
        ).is_success
        until(lambda: "privacy.erasure_executed" in plain.get("/events").text)


def test_the_page_says_that_it_was_erased(site: Site) -> None:
    with site.client(site.key()) as plain, site.client(site.key("desk", admin=True)) as desk:
        kept = plain.post("/events", json=complaint("c-1", site.now())).json()
        plain.get(f"/cases/{kept['case_id']}", params={"after": kept["place"]})
        person = desk.post("/persons/find", json={"phone": PHONE}).json()["person"]
        nonce = site.house.admin.sign_in_link(site.tenant(), "desk")
        with site.client() as browser:
            browser.get(f"/sign-in/once/{nonce}")
            path = f"/wall/cases/{kept['case_id']}"
            assert TEXT in browser.get(path).text
            desk.post(f"/persons/{person}/erasure", json={"basis": "customer_request", "by": "kf-001"})
            until(lambda: TEXT not in browser.get(path).text)
            page = browser.get(path).text  # that one may have been under way while the keys went
    assert "（个人信息已删除）" in page
    assert [word for word in (NAME, PHONE) if word in page] == []


def test_only_an_administrators_key_may(site: Site) -> None:
    nobody = "7c1e0b52-6a0e-4c57-9b0c-6d3a51f2c0de"
    body = {"basis": "customer_request", "by": "kf-001"}
    with site.client(site.key()) as plain, site.client() as browser:
        browser.get(f"/sign-in/once/{site.house.admin.sign_in_link(site.tenant(), 'desk')}")
        for who in (plain, browser):
            who.headers["Origin"] = site.url
            assert who.post("/persons/find", json={"phone": PHONE}).status_code == 403
            assert who.get(f"/persons/{nobody}/events").status_code == 403
            assert who.post(f"/persons/{nobody}/erasure", json=body).status_code == 403
    with site.client(site.key("desk", admin=True)) as desk:
        assert desk.get(f"/persons/{nobody}/events").status_code == 404
        assert desk.post(f"/persons/{nobody}/erasure", json=body).status_code == 404
        assert desk.post(f"/persons/{nobody}/erasure", json={**body, "by": PHONE}).status_code == 422
        assert PHONE not in desk.post(f"/persons/{nobody}/erasure", json={**body, "by": PHONE}).text
        assert desk.get(f"/persons/{nobody}/events", params={"purpose": "Just Because"}).status_code == 422
        made = complaint("p-1", site.now())
        published = {**made, "type": "privacy.erasure_executed", "data": {"subject_ref": nobody}}
        assert desk.post("/events", json=published).status_code == 422
