"""``If-Match``: a form that was filled in beside another is told so, and nothing slips in between."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.kit.postgres import Cluster
from tests.web.site import Site, complaint
from touchline.place import Shared


@pytest.fixture
def http(site: Site) -> Iterator[httpx.Client]:
    with site.client(site.key()) as client:
        yield client


def opened(site: Site, http: httpx.Client) -> tuple[str, str]:
    """(case id, tag)"""
    told = http.post("/events", json=complaint("c-1", site.now())).json()
    return told["case_id"], seen(http, told)


def seen(http: httpx.Client, told: dict[str, Any]) -> str:
    answer = http.get(f"/cases/{told['case_id']}", params={"after": told["place"]})
    assert answer.headers["etag"] == f'"{answer.json()["place"]}"'
    return answer.headers["etag"]


def contact(site: Site, name: str, case: str) -> dict[str, Any]:
    event = complaint(name, site.now(), type="complaint.urged", caseid=case)
    event["data"] = {}
    return event


def add(http: httpx.Client, event: object, tag: str) -> httpx.Response:
    return http.post("/events", json=event, headers={"If-Match": tag})


def test_the_second_of_two_forms_is_refused_and_told_the_latest(site: Site, http: httpx.Client) -> None:
    case, tag = opened(site, http)
    form = contact(site, "f-1", case)
    first = add(http, form, tag)
    assert first.status_code == 202, first.text
    second = add(http, contact(site, "f-2", case), tag)
    assert second.status_code == 412
    assert second.json()["latest"] == str(first.json()["place"])
    assert add(http, form, tag).json() == first.json(), "a retry gets its first answer"
    assert add(http, contact(site, "f-2", case), seen(http, first.json())).status_code == 202


def test_other_cases_and_publications_do_not_disturb(site: Site, http: httpx.Client) -> None:
    case, tag = opened(site, http)
    http.post("/events", json=complaint("c-2", site.now()))
    assert add(http, contact(site, "f-1", case), tag).status_code == 202


def test_what_the_engine_has_not_come_to_counts(site: Site, http: httpx.Client) -> None:
    case, tag = opened(site, http)
    runner = site.house.runner
    assert runner is not None
    with runner.pause():  # the read model stays where it is
        first = add(http, contact(site, "f-1", case), tag)
        second = add(http, contact(site, "f-2", case), tag)
    assert (first.status_code, second.status_code) == (202, 412)
    assert second.json()["latest"] == str(first.json()["place"])


def test_of_many_at_once_one_is_kept(site: Site, http: httpx.Client) -> None:
    case, tag = opened(site, http)
    with ThreadPoolExecutor(8) as pool:
        answers = list(
            pool.map(lambda n: add(http, contact(site, f"f-{n}", case), tag).status_code, range(8))
        )
    assert sorted(answers) == [202] + [412] * 7


def test_of_many_at_two_gateways_one_is_kept(cluster: Cluster, tmp_path: Path) -> None:
    place = cluster.ledger()
    gateways = [Site(Shared(place.url, folder=tmp_path / name), alert_log=False) for name in "ab"]
    try:
        with ExitStack() as ends:
            for site in gateways:
                site.start()
                ends.callback(site.stop)
            key = gateways[0].key()
            one, other = (ends.enter_context(site.client(key)) for site in gateways)
            case, tag = opened(gateways[0], one)
            for turn in range(3):
                forms = [contact(gateways[0], f"f-{turn}-{n}", case) for n in range(8)]
                with ThreadPoolExecutor(8) as pool:
                    answers = list(pool.map(add, [one, other] * 4, forms, [tag] * 8))
                assert sorted(answer.status_code for answer in answers) == [202] + [412] * 7
                (kept,) = (answer.json() for answer in answers if answer.status_code == 202)
                tag = seen(one, kept)
    finally:
        cluster.drop(place)


def test_a_withdrawal_changes_the_tag(site: Site, http: httpx.Client) -> None:
    case, tag = opened(site, http)
    told = add(http, contact(site, "f-1", case), tag).json()
    tag = seen(http, told)
    gone = complaint("w-1", site.now(), type="event.withdrawn", correctsid=told["event_id"])
    gone["data"] = {"reason": "entered twice"}
    withdrawn = http.post("/events", json=gone).json()
    assert seen(http, {**withdrawn, "case_id": case}) != tag
    assert add(http, contact(site, "f-2", case), tag).status_code == 412


@pytest.mark.parametrize("tag", ["*", 'W/"1"', "1", '"x"', '"1", "2"', '"99999999999999999999"'])
def test_tags_that_are_none_of_ours_are_named(site: Site, http: httpx.Client, tag: str) -> None:
    answer = add(http, contact(site, "f-1", "x"), tag)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == "if-match"


def test_only_one_event_that_names_its_case(site: Site, http: httpx.Client) -> None:
    case, tag = opened(site, http)
    for body in (
        complaint("c-9", site.now()),
        [contact(site, "f-1", case), contact(site, "f-2", case)],
        7,
    ):
        answer = add(http, body, tag)
        assert answer.status_code == 422, body
        assert answer.json()["errors"][0]["field"] == "if-match"
    assert add(http, [contact(site, "f-1", case)], tag).json()[0]["status"] == 202
