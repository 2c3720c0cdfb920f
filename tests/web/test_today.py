"""今日待办 over HTTP: who is on the list, where, and that what is said of a visit is kept once."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx

from schemas.instants import DAY, HOUR, format_instant
from tests.web.site import Site, complaint, until


def told(site: Site, http: httpx.Client, *events: dict[str, Any]) -> list[dict[str, Any]]:
    """Append, and wait until all of it is folded."""
    items: list[dict[str, Any]] = http.post("/events", json=list(events)).json()
    assert [item["status"] for item in items] == [202] * len(items), items
    http.get(f"/cases/{items[0]['case_id']}", params={"after": items[-1]["place"]})
    return items


def closed(site: Site, name: str, case: str, type: str = "complaint.closed") -> dict[str, Any]:
    return {**complaint(name, site.now()), "type": type, "caseid": case, "data": {}}


def visits(http: httpx.Client, **asked: Any) -> list[tuple[str, str, str, int]]:
    found = http.get("/worklist", params={"when": "all"} | asked).json()
    return [
        (one["obligation"].partition(".")[2], one["when"], one["person"], one["attempts"]) for one in found
    ]


@contextmanager
def form(site: Site, key: str, origin: str = "") -> Iterator[httpx.Client]:
    """A signed-in browser, as far as a form needs one."""
    with site.client() as client:
        client.headers["Origin"] = site.url
        assert client.post("/sign-in", data={"key": key}).status_code == 303
        client.headers["Origin"] = origin or site.url
        yield client


def test_who_is_to_be_called_when(timed: Site) -> None:
    key = timed.key()
    with timed.client(key) as http:
        first = complaint("c-1", timed.now(), ticket="T-1", actorref="kf-012")
        case = told(timed, http, first)[0]["case_id"]
        assert visits(http) == [("intake_return_visit", "tomorrow", "kf-012", 0)]
        assert visits(http, when="now") == []
        timed.let_pass(3 * HOUR)
        told(timed, http, closed(timed, "x-1", case))
        timed.let_pass(20 * HOUR)
        told(timed, http, complaint("c-2", timed.now(), ticket="T-2", houseid="yunqi-5-0302"))
        assert visits(http) == [
            ("intake_return_visit", "today", "kf-012", 0),
            ("intake_return_visit", "tomorrow", "", 0),
            ("close_return_visit", "later", "kf-012", 0),
        ]
        timed.let_pass(3 * DAY)
        assert [one[1] for one in visits(http, when="now")] == ["overdue"] * 2 + ["overdue"] * 1
        assert len(visits(http, person="kf-012")) == 2
        assert len(visits(http, role="cs_front_desk")) == 3
        assert visits(http, role="cs_front") == [] == visits(http, person="%")
        answer = http.get("/worklist", params={"when": "all", "limit": 1})
        onward = http.get(answer.links["next"]["url"])
        assert [one["id"] for one in answer.json() + onward.json()] == [
            one["id"] for one in http.get("/worklist", params={"limit": 2}).json()
        ]
        assert not {"customer", "about", "places"} & set(answer.json()[0])
        for private in ("王女士", "13800000000", "渗水"):
            assert private not in http.get("/worklist", params={"when": "all"}).text
    with form(timed, key) as page:
        drawn = page.get("/today").text
        assert 'href="#group-overdue"' in drawn
        assert 'id="group-overdue"' in drawn
        assert "王女士" in drawn
        assert "13800000000" in drawn
        assert "渗水" in drawn
        assert "T-1" in drawn
    with timed.client() as nobody:
        assert nobody.get("/worklist").status_code == 401
        assert nobody.get("/today").headers["Location"] == "/sign-in"


def test_a_case_without_a_house_shows_its_estate_alone(timed: Site) -> None:
    key = timed.key()
    with timed.client(key) as http, form(timed, key) as page:
        nowhere = complaint("c-1", timed.now(), ticket="T-1")
        del nowhere["houseid"]
        told(timed, http, nowhere)
        drawn = page.get("/today").text
        assert '<span class="sub">yunqi</span>' in drawn
        told(timed, http, complaint("c-2", timed.now(), ticket="T-2"))
        assert '<span class="sub">yunqi-3-1201 · yunqi</span>' in page.get("/today").text


def test_a_double_click_is_one_event(timed: Site) -> None:
    key = timed.key()
    with timed.client(key) as http, form(timed, key) as page:
        case = told(timed, http, complaint("c-1", timed.now(), ticket="T-1"))[0]["case_id"]
        told(timed, http, closed(timed, "x-1", case))
        intake, close = http.get("/worklist", params={"when": "all"}).json()

        def click(of: dict[str, Any], result: str, round: int = 0, **more: Any) -> httpx.Response:
            timed.let_pass(1_000)
            said = {"round": round, "result": result, **more}
            return page.post(f"/today/visits/{of['id']}", data=said)

        def types() -> list[str]:
            return [one["type"] for one in http.get(f"/cases/{case}/history").json()["touchpoints"]]

        for _ in range(2):
            assert click(close, "unreached").status_code == 204
        assert until(lambda: types().count("followup.attempted") == 1)
        (tried,) = [one for one in http.get("/worklist?when=all").json() if one["id"] == close["id"]]
        assert (tried["attempts"], tried["tries"], tried["round"]) == (1, 3, 1)
        assert click(intake, "satisfied").headers["HX-Trigger"].count('"bad": true') == 1
        for _ in range(2):
            assert "bad" in click(close, "satisfied", 1, mark=4, by="kf-012").headers["HX-Trigger"]
        assert until(lambda: types().count("followup.complaint_close_completed") == 1)
        (visit,) = [
            one
            for one in http.get(f"/cases/{case}/history").json()["touchpoints"]
            if one["type"] == "followup.complaint_close_completed"
        ]
        assert visit["data"] == {
            "satisfied": True,
            "scores": [{"component": "overall", "points": 4, "out_of": 5}],
        }
        assert (visit["actor_ref"], visit["actor_role"], visit["channel"]) == (
            "kf-012",
            "cs_front_desk",
            "phone_out",
        )
        assert visits(http) == [], "a visit after closing inside 24 hours settles both"
        assert click(close, "satisfied", 2).headers["HX-Trigger"].count('"bad": false') == 1
        assert types().count("followup.complaint_close_completed") == 1
        assert http.get("/satisfaction").json()["total"]["answered"] == 1
        assert click({"id": "none"}, "visited").status_code == 404

    with form(timed, key, "https://elsewhere.example") as foreign:
        answer = foreign.post(f"/today/visits/{close['id']}", data={"round": 3, "result": "visited"})
        assert answer.status_code == 403


def test_a_visit_taken_back_is_to_be_made_again(timed: Site) -> None:
    """And can be recorded again, under an id of its own."""
    key = timed.key()
    with timed.client(key) as http, form(timed, key) as page:
        handled = {**complaint("p-1", timed.now()), "type": "property_service.problem_handled"}
        handled |= {"ticket": "P-1", "data": {"kind": "suggestion"}}
        case = told(timed, http, handled)[0]["case_id"]
        (one,) = http.get("/worklist", params={"when": "later"}).json()
        assert one["owes"] == ["property_co"]
        said = {"round": one["round"], "result": "unsatisfied"}
        page.post(f"/today/visits/{one['id']}", data=said)
        until(lambda: not visits(http))
        done = http.get(f"/cases/{case}/history").json()["touchpoints"][-1]
        back = {**complaint("w-1", timed.now()), "type": "event.withdrawn", "correctsid": done["event_id"]}
        back = {
            name: value for name, value in back.items() if name not in ("houseid", "projectid", "channel")
        }
        answer = http.post("/events", json={**back, "data": {"reason": "entered for another house"}})
        assert answer.status_code == 202, answer.text
        (again,) = until(lambda: http.get("/worklist", params={"when": "later"}).json())
        assert (again["id"], again["round"]) == (one["id"], 1)
        page.post(f"/today/visits/{one['id']}", data={**said, "round": 1})
        until(lambda: not visits(http))


def test_a_time_is_told_as_it_stands(timed: Site) -> None:
    with timed.client(timed.key()) as http:
        told(timed, http, complaint("c-1", timed.now(), ticket="T-1"))
        (one,) = http.get("/worklist", params={"when": "all"}).json()
        assert one["due"] == format_instant(timed.now() + DAY)
        assert http.get("/worklist", params={"when": "soon"}).status_code == 422
