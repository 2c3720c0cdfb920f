"""What a newcomer types wrong: the answer names the parameter and says, in both languages, what would be right."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from schemas.instants import format_instant
from tests.web.site import Site, complaint


@pytest.fixture
def http(site: Site) -> Iterator[httpx.Client]:
    with site.client(site.key()) as client:
        yield client


def told(answer: httpx.Response, status: int = 422) -> dict[str, str]:
    """The only flaw of a problem."""
    assert answer.status_code == status, answer.text
    assert answer.headers["Content-Type"] == "application/problem+json"
    (flaw,) = answer.json()["errors"]
    found: dict[str, str] = flaw
    assert flaw["reason"] != flaw["reason_zh"]
    return found


@pytest.mark.parametrize(
    ("path", "known"),
    [
        ("/cases", "after, kind, limit, state"),
        ("/cases/x", "after"),
        ("/cases/x/history", "after, as_of, known_at"),
        ("/promises", "after, case, limit, project, state, wall"),
        ("/promises/x", ""),
        ("/promises/x/explain", ""),
        ("/alerts", "after, limit"),
    ],
)
def test_a_parameter_that_there_is_not_is_refused(
    site: Site, http: httpx.Client, path: str, known: str
) -> None:
    flaw = told(http.get(path, params={"case_id": "x"}))
    assert flaw["field"] == "case_id"
    assert flaw["reason"] == "no such parameter; " + (f"known: {known}" if known else "there are none here")
    assert "没有这个参数" in flaw["reason_zh"]
    assert known.replace(", ", "、") in flaw["reason_zh"]
    with site.client() as nobody:
        assert nobody.get(path, params={"case_id": "x"}).status_code == 401


def test_all_unknown_parameters_are_named_and_odd_ones_not_repeated(http: httpx.Client) -> None:
    answer = http.get(
        "/promises", params=[("Case", "x"), ("13800000000", "x"), ("Case", "y"), ("wall", "met")]
    )
    assert [flaw["field"] for flaw in answer.json()["errors"]] == ["Case", "?"]
    assert "13800000000" not in answer.text


def test_the_way_onward_is_no_unknown_parameter(site: Site, http: httpx.Client) -> None:
    for n in range(2):
        item = http.post("/events", json=complaint(f"c-{n}", site.now(), ticket=f"T-{n}")).json()
    http.get(f"/cases/{item['case_id']}", params={"after": item["place"]})
    first = http.get("/cases", params={"limit": 1, "kind": "complaint"})
    assert len(http.get(first.links["next"]["url"]).json()) == 1


@pytest.mark.parametrize(
    ("path", "field", "reason", "reason_zh"),
    [
        ("/promises?limit=0", "limit", "must be at least 1", "不得小于 1"),
        ("/promises?limit=501", "limit", "must be at most 500", "不得大于 500"),
        ("/alerts?limit=many", "limit", "must be a whole number", "必须是整数"),
        (
            "/cases/x?after=99999999999999999999",
            "after",
            f"must be less than {2**63}",
            f"必须小于 {2**63}",
        ),
        ("/cases?state=done", "state", "must be one of: open, closed", "只能取：open, closed"),
        (f"/cases?after={'x' * 201}", "after", "has more than 200 characters", "超过 200 个字符"),
    ],
)
def test_the_chinese_says_as_much(
    http: httpx.Client, path: str, field: str, reason: str, reason_zh: str
) -> None:
    assert told(http.get(path)) == {"field": field, "reason": reason, "reason_zh": reason_zh}


@pytest.mark.parametrize(
    ("text", "zh"),
    [
        ("yesterday", ""),
        ("2026-11-22T10:00:00", ""),
        ("2026-11-31T10:00:00+08:00", "没有这个时间"),
        ("2026-11-22T10:00:00-00:00", "时区未知"),
    ],
)
def test_a_bad_time_shows_how_one_is_written(http: httpx.Client, text: str, zh: str) -> None:
    flaw = told(http.get("/cases/x/history", params={"known_at": text}))
    assert flaw["field"] == "known_at"
    for reason in (flaw["reason"], flaw["reason_zh"]):
        assert "RFC 3339" in reason
        assert "2026-11-22T10:00:00+08:00" in reason
    assert zh in flaw["reason_zh"]


def test_bodies_addresses_and_methods(http: httpx.Client) -> None:
    remark = told(http.post("/alerts/x/acknowledge", json={"remarks": "x"}))
    assert remark == {"field": "remarks", "reason": "no such field", "reason_zh": "没有这个字段"}
    broken = told(
        http.post("/alerts/x/acknowledge", content="{", headers={"Content-Type": "application/json"})
    )
    assert broken["field"] == "body"
    assert "JSON" in broken["reason_zh"]
    assert "没有这个地址" in told(http.get("/case"), 404)["reason_zh"]
    method = told(http.delete("/cases"), 405)
    assert method["reason"] == "this address does not take DELETE, only GET"
    assert method["reason_zh"] == "该地址不支持 DELETE 请求，只支持 GET"


def test_a_withdrawn_case_says_so_and_leads_to_its_history(site: Site, http: httpx.Client) -> None:
    first = http.post("/events", json=complaint("c-1", site.now())).json()
    case = first["case_id"]
    withdrawal = {
        "specversion": "1.0",
        "id": "w-1",
        "type": "event.withdrawn",
        "time": format_instant(site.now()),
        "correctsid": first["event_id"],
        "data": {"reason": "登记错误"},
    }
    answer = http.post("/events", json=withdrawal)
    assert answer.status_code == 202, answer.text
    flaw = told(http.get(f"/cases/{case}", params={"after": answer.json()["place"]}), 404)
    assert "withdrawn" in flaw["reason"]
    assert "已撤回" in flaw["reason_zh"]
    for reason in (flaw["reason"], flaw["reason_zh"]):
        assert f"/cases/{case}/history" in reason
    assert http.get(f"/cases/{case}/history").json()["case"] is None
    page = http.get(f"/wall/cases/{case}")
    assert page.status_code == 200
    assert "已撤回" in page.text
    assert "卫生间天花板渗水" in page.text
    assert http.get("/wall/cases/none").status_code == 404


def test_who_writes_a_name_wrong_is_told_which_there_is(site: Site, http: httpx.Client) -> None:
    """And the text for people says it in Chinese first, with the field."""
    good = complaint("n", site.now())

    def sent(**wrong: object) -> dict[str, str]:
        return told(http.post("/events", json={**good, **wrong}))

    data = {**good["data"], "desciption": "x"}
    assert sent(data=data) == {
        "field": "data.desciption",
        "reason": "no such field; did you mean description?",
        "reason_zh": "没有这个字段，是否为 description",
    }
    assert sent(houseId="x")["reason_zh"] == "没有这个字段，是否为 houseid"
    assert sent(case_id="x")["reason_zh"] == "没有这个字段，是否为 caseid"
    assert sent(zzz="x")["reason_zh"] == "没有这个字段"
    assert "是否为 complaint.received；" in sent(type="complaint.recieved")["reason_zh"]
    assert "是否为 complaint.received；" in sent(type="complant.received")["reason_zh"]
    assert "是否为" not in sent(type="weather.changed")["reason_zh"]
    several = {f"descriptio{n}": "x" for n in range(9)}
    answer = http.post("/events", json={**good, "data": {**good["data"], **several}}).json()
    assert [flaw["reason"].count("did you mean description") for flaw in answer["errors"]] == [1] * 3 + [
        0
    ] * 6
    assert answer["detail"].startswith(
        "data.descriptio0：没有这个字段，是否为 description；data.descriptio1："
    )
    assert "。 data.descriptio0: no such field; did you mean description?; " in answer["detail"]


def test_a_body_that_cannot_be_read_says_where(http: httpx.Client) -> None:
    def sent(body: bytes) -> str:
        head = {"Content-Type": "application/cloudevents+json"}
        return told(http.post("/events", content=body, headers=head))["reason_zh"]

    assert sent(b"") == "请求体是空的：请发送事件"
    assert sent(b'{"a":') == "请求体不是合法的 JSON（第 1 行第 6 列）"
    assert sent('{"a": "渗"}'.encode("gbk")) == "请求体不是 UTF-8 编码（第 7 字节）"
    assert (
        told(http.get("/satisfaction", params={"month": "2026"}))["reason_zh"] == "必须是月份（如 2026-11）"
    )
    assert told(http.get("/stream", params={"since": "1"}))["reason"] == "no such parameter; known: as"


def test_nul_stands_nowhere(http: httpx.Client) -> None:
    """PostgreSQL takes it in no question, and SQLite would have answered that there is nothing."""
    assert told(http.get("/cases/a%00b"), 404)["field"] == ""
    assert http.get("/wall/cases/%00").status_code == 404
    assert told(http.get("/promises?case=a%00b"))["field"] == "case"
    assert told(http.get("/cases?%00=1"))["field"] == "?"
