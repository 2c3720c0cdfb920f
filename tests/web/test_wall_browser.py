"""The wall in a real Chromium: what people see when things happen, and how they get on with it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import APIResponse, Browser, Page, Route, expect, sync_playwright

from schemas.instants import DAY, HOUR, MINUTE, format_instant, parse_instant
from tests.web.site import Site, complaint, until
from tests.web.test_penalties import profile
from touchline.publishing import publish

pytestmark = pytest.mark.browser
expect.set_options(timeout=45_000)
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    if CHROMIUM is None:
        if os.environ.get("CI"):
            pytest.fail("CHROMIUM IS MISSING: the wall was not driven (apt-get install chromium)")
        pytest.skip("CHROMIUM IS MISSING: the wall was NOT driven in a browser (apt-get install chromium)")
    with sync_playwright() as play:
        found = play.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield found
        found.close()


def serious(text: str) -> bool:
    """Not so: a closed stream ("[object Event]"), a request that a new page cut short ("htmx:…"), an answer that is
    no 2xx and was looked for ("Failed to load")."""
    return not any(
        said in text for said in ("[object Event]", "htmx:afterRequest", "htmx:sendError", "Failed to load")
    )


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page in which no script may fail and no rule of the content security policy may be broken."""
    context = browser.new_context(viewport={"width": 1280, "height": 800}, locale="zh-CN")
    made = context.new_page()
    made.set_default_timeout(45_000)
    wrong: list[str] = []
    made.on("pageerror", lambda error: wrong.append(str(error)) if serious(str(error)) else None)
    made.on(
        "console",
        lambda said: wrong.append(said.text) if said.type == "error" and serious(said.text) else None,
    )
    yield made
    context.close()
    assert wrong == []


def enter(page: Page, site: Site, key: str) -> None:
    page.goto(site.url)
    page.fill("#key", key)
    page.click("button[type=submit]")
    expect(page.locator("html[data-live=on]")).to_have_count(1)


def send(site: Site, key: str, *events: dict[str, Any]) -> list[dict[str, Any]]:
    """Append, and wait until all of it is folded."""
    with site.client(key) as http:
        items: list[dict[str, Any]] = http.post("/events", json=list(events)).json()
        assert [item["status"] for item in items] == [202] * len(items), items
        http.get(f"/cases/{items[0]['case_id']}", params={"after": items[-1]["place"]})
    return items


def chip(page: Page, code: str) -> int:
    return int(page.inner_text(f"#chip-{code} b"))


def test_what_happens_shows_by_itself(page: Page, timed: Site) -> None:
    key = timed.key()
    enter(page, timed, key)
    expect(page.locator(".nothing")).to_be_visible()
    send(timed, key, complaint("c-1", timed.now()))
    expect(page.locator(".row").first).to_be_visible()
    assert chip(page, "pending") >= 2
    assert "客服前台" in page.inner_text("#list")
    timed.let_pass(10 * DAY)
    expect(page.locator("#group-breached .row").first).to_be_visible()
    row = page.locator("#group-breached .row").first
    expect(row).to_contain_text("已超时")
    expect(row.locator("[data-tick] b").first).to_have_text("超时")
    row.get_by_role("button", name="确认").click()
    expect(page.locator("#group-breached .row").first).to_contain_text("已确认")
    expect(page.locator("#toast")).to_contain_text("已确认")
    expect(page.locator("#strip")).to_contain_text("最大")


def test_what_rang_last_stands_where_no_case_is_open(page: Page, timed: Site) -> None:
    key = timed.key()
    page.set_viewport_size({"width": 1600, "height": 900})
    enter(page, timed, key)
    last = page.locator("#lately li")
    expect(last).to_have_text("还没有提醒。")
    send(timed, key, complaint("c-1", timed.now()))
    timed.let_pass(30 * HOUR)
    expect(last.filter(has_text="时限超时").first).to_contain_text("yunqi-3-1201")
    last.filter(has_text="时限超时").locator("a").first.click()
    expect(page.locator("#case .duty.chosen")).to_contain_text("已超时")
    expect(last).to_have_count(0)
    timed.let_pass(10 * DAY)
    page.keyboard.press("Escape")
    expect(last.filter(has_text="超时提醒升级").first).to_be_visible()


def test_what_rings_after_the_board_was_drawn_is_listed_too(page: Page, timed: Site) -> None:
    """Alerts are another thread, or another process: they may come to a verdict later than the board does."""
    key = timed.key()
    page.set_viewport_size({"width": 1600, "height": 900})
    enter(page, timed, key)
    last = page.locator("#lately li")
    expect(last).to_have_text("还没有提醒。")
    assert timed.house.alerts is not None
    with timed.house.alerts._reading:  # they stand still
        send(timed, key, complaint("c-1", timed.now()))
        timed.let_pass(30 * HOUR)
        expect(page.locator("#group-breached .row").first).to_be_visible()
        asked = "fetch('/wall/lately').then(answer => answer.headers.get('HX-Trigger'))"
        assert page.evaluate(asked) == "behind"  # and by now the page's own question was answered
        expect(last).to_have_text("还没有提醒。")
    expect(last.filter(has_text="时限超时").first).to_contain_text("yunqi-3-1201")
    until(lambda: page.evaluate(asked) is None)  # and it stops asking


def test_a_redraw_moves_nothing(page: Page, timed: Site) -> None:
    key = timed.key()
    send(timed, key, *(complaint(f"c-{n}", timed.now(), ticket=f"T-{n}") for n in range(8)))
    held: list[Route] = []
    page.route("**/wall/board*", lambda route: held.append(route))
    enter(page, timed, key)
    listed = page.locator("#list")
    link = page.locator("a.open").nth(7)
    name = link.get_attribute("id")
    link.focus()
    listed.evaluate("node => { node.scrollTop = 150 }")
    places = """() => ['.bar', '#chips', '#list', '#list .row:nth-child(6)'].map(
        name => JSON.stringify(document.querySelector(name).getBoundingClientRect()))"""
    before, rows = page.evaluate(places), page.locator(".row").count()
    kept = page.locator(".row").nth(3).element_handle()
    with page.expect_response("**/wall/board*"):
        for route in held:
            route.continue_()
        page.unroute("**/wall/board*")
    # happens later than all that is there, so that its rows come last
    send(timed, key, complaint("late", timed.now() + MINUTE, ticket="T-late"))
    expect(page.locator(".row")).not_to_have_count(rows)
    assert page.evaluate(places) == before
    assert listed.evaluate("node => node.scrollTop") == 150
    assert page.evaluate("document.activeElement.id") == name
    assert kept is not None
    assert kept.evaluate("node => node.isConnected")


def test_a_row_opens_while_the_board_is_on_its_way(page: Page, timed: Site) -> None:
    key = timed.key()
    send(timed, key, complaint("c-1", timed.now()))
    enter(page, timed, key)
    held: list[Route] = []
    page.route("**/wall/board*", lambda route: route.continue_() if held else held.append(route))
    send(timed, key, complaint("c-2", timed.now()))
    until(lambda: page.evaluate("true") and held)  # this change's request, or that of the board's beginning
    page.click("a.open >> nth=0")
    expect(page.locator("#case")).to_be_visible()
    held[0].continue_()
    expect(page.locator(".row")).to_have_count(8)


def test_what_happens_while_the_board_is_on_its_way_is_shown_too(page: Page, timed: Site) -> None:
    """An answer that was made before the change, and comes after it, is not the last."""
    key = timed.key()
    send(timed, key, complaint("c-1", timed.now()))
    enter(page, timed, key)
    expect(page.locator(".row")).to_have_count(4)
    held: list[Route] = []
    answers: list[APIResponse] = []

    def slow(route: Route) -> None:
        if held:
            return route.continue_()
        held.append(route)
        return answers.append(route.fetch())

    page.route("**/wall/board*", slow)
    page.evaluate("""() => {
        window.heard = 0;
        document.getElementById("shell").addEventListener("htmx:sseMessage", () => { window.heard += 1; });
    }""")
    send(timed, key, complaint("c-2", timed.now()))
    until(lambda: page.evaluate("window.heard") and answers)
    before = page.evaluate("window.heard")
    send(timed, key, complaint("c-3", timed.now()))
    until(lambda: page.evaluate("window.heard") > before)
    held[0].fulfill(response=answers[0])
    expect(page.locator(".row")).to_have_count(12)


def test_the_countdown_follows_the_server(page: Page, site: Site) -> None:
    key = site.key()
    send(site, key, complaint("c-1", site.now()))
    # the machine on which it is looked at has a wrong clock
    page.add_init_script("const real = Date.now; Date.now = () => real() + 5 * 3600e3")
    enter(page, site, key)
    left = page.locator(".left[data-tick]").first
    due = int(left.get_attribute("data-due") or 0)
    first = left.locator("i").inner_text()
    expect(left.locator("i")).not_to_have_text(first)

    def apart() -> bool:
        clock = left.locator("i").inner_text().split()[-1]
        days = int(left.locator("i").inner_text().split()[0]) if " " in left.locator("i").inner_text() else 0
        hours, minutes, seconds = map(int, clock.split(":"))
        shown = ((days * 24 + hours) * 60 + minutes) * 60 + seconds
        return abs(shown - (due - site.now() // 1000) / 1000) < 3

    assert until(apart)


def test_the_case_tells_what_happened_and_what_was_known(page: Page, timed: Site) -> None:
    key, start = timed.key(), timed.now()
    case = send(timed, key, complaint("c-1", start))[0]["case_id"]
    wrong = {
        **complaint("v-1", start + HOUR),
        "type": "complaint.registered",
        "caseid": case,
        "data": {"ledger_no": "TS-0001"},
    }
    timed.let_pass(2 * HOUR)
    first = send(timed, key, wrong)[0]
    timed.let_pass(2 * HOUR)
    send(
        timed, key, {**wrong, "id": "v-2", "correctsid": first["event_id"], "data": {"ledger_no": "TS-0002"}}
    )
    enter(page, timed, key)
    page.click("a.open >> nth=0")
    case_view = page.locator("#case")
    expect(case_view.locator("h2")).to_have_text("投诉 · yunqi yunqi-3-1201")
    expect(case_view).to_contain_text("王女士")
    expect(page.locator("#concerned")).to_have_text("王女士13800000000卫生间天花板渗水")
    gone = case_view.locator(".entry.gone")
    expect(gone).to_have_count(1)
    expect(gone).to_contain_text("已更正")
    expect(gone).to_contain_text("TS-0001")
    assert (
        gone.locator(".pairs").evaluate("node => getComputedStyle(node).textDecorationLine") == "line-through"
    )
    entries = case_view.locator(".entry.touch")
    expect(entries).to_have_count(3)

    page.get_by_text("当时我们知道什么").click()
    slider = page.locator("#moment")
    expect(slider).to_be_enabled()
    slider.focus()
    page.keyboard.press("ArrowLeft")
    expect(entries).to_have_count(2)
    expect(gone).to_have_count(0)
    expect(page.locator("#moment-text")).to_have_text("2026-03-02 11:00:00")
    page.keyboard.press("Home")
    expect(entries).to_have_count(1)

    page.get_by_text("当时发生了什么").click()
    slider.focus()
    page.keyboard.press("Home")
    page.keyboard.press("ArrowRight")
    # by then the right number had happened, whatever was recorded
    expect(case_view.locator(".entry.touch:not(.gone)")).to_have_count(2)
    expect(case_view).to_contain_text("TS-0002")
    page.locator("#replay").get_by_text("现在", exact=True).click()
    expect(entries).to_have_count(3)
    page.keyboard.press("Escape")
    expect(page.locator("#case")).to_have_count(0)


def test_the_knob_leaves_the_present_by_itself(page: Page, timed: Site) -> None:
    key, start = timed.key(), timed.now()
    case = send(timed, key, complaint("c-1", start))[0]["case_id"]
    timed.let_pass(2 * HOUR)
    registered = {**complaint("r-1", start + HOUR), "type": "complaint.registered", "caseid": case}
    send(timed, key, {**registered, "data": {"ledger_no": "TS-0001"}})
    enter(page, timed, key)
    page.goto(f"{timed.url}/wall/cases/{case}")
    slider, count = page.locator("#moment"), page.locator("#touchpoints")
    expect(slider).to_be_enabled()
    assert slider.evaluate("node => node.value === node.max && Number(node.max) >= 1")
    expect(page.locator("#moment-text")).to_have_text("现在")
    expect(count).to_have_text("2 个触点")
    expect(page.locator(".why").first).to_be_visible()

    box = slider.bounding_box()
    assert box is not None
    middle = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + box["width"] - 8, middle)
    page.mouse.down()
    page.mouse.move(box["x"] + 4, middle, steps=4)
    page.mouse.up()
    expect(page.locator("#replay input[value=known_at]")).to_be_checked()
    expect(page.locator("#moment-text")).to_have_text("2026-03-02 09:00:00")
    expect(count).to_have_text("1 个触点")
    # a replay has no door to the reasons of today
    expect(page.locator("div.duty").first).to_be_visible()
    expect(page.locator(".why, details.duty")).to_have_count(0)

    page.get_by_text("当时发生了什么").click()
    expect(count).to_have_text("2 个触点")
    # promises are due later; what has not happened has no stop
    shown = parse_instant(page.inner_text("#moment-text").replace(" ", "T") + "+08:00")
    assert timed.now() <= shown < timed.now() + HOUR
    page.locator("#replay").get_by_text("现在", exact=True).click()
    expect(page.locator(".why").first).to_be_visible()
    assert slider.evaluate("node => node.value === node.max")
    # what comes while one looks is a stop too
    stops = int(slider.get_attribute("max") or 0)
    timed.let_pass(HOUR)
    send(timed, key, {**registered, "id": "r-2", "data": {"ledger_no": "TS-0002"}})
    expect(count).to_have_text("3 个触点")
    assert slider.evaluate("node => Number(node.max)") > stops


def test_a_withdrawn_case_shows_its_time_line(page: Page, timed: Site) -> None:
    key = timed.key()
    first = send(timed, key, complaint("c-1", timed.now()))[0]
    send(timed, key, complaint("c-2", timed.now(), ticket="T-2"))
    withdrawal = {
        "specversion": "1.0",
        "id": "w-1",
        "type": "event.withdrawn",
        "time": format_instant(timed.now()),
        "correctsid": first["event_id"],
        "data": {"reason": "登记错误"},
    }
    enter(page, timed, key)
    send(timed, key, withdrawal)
    page.goto(f"{timed.url}/wall/cases/{first['case_id']}")
    expect(page.locator("h2")).to_contain_text("已撤回")
    expect(page.locator(".notice")).to_be_visible()
    expect(page.locator(".entry.gone")).to_contain_text("卫生间天花板渗水")


def test_why_names_the_days_that_are_skipped(page: Page, timed: Site) -> None:
    assert timed.clock is not None
    timed.clock.set(parse_instant("2026-09-30T16:00:00+08:00"))
    key = timed.key()
    closed = {
        **complaint("c-2", timed.now(), ticket="T-1"),
        "type": "complaint.closed",
        "data": {"close_reason": "resolved"},
    }
    case = send(timed, key, complaint("c-1", timed.now(), ticket="T-1"), closed)[0]["case_id"]
    enter(page, timed, key)
    with timed.client(key) as http:
        counted = [
            promise["id"]
            for promise in http.get("/promises", params={"case": case}).json()
            if any(
                "国庆" in (day["name"] or "")
                for day in (http.get(f"/promises/{promise['id']}/explain").json()["calendar"] or {}).get(
                    "skipped", []
                )
            )
        ]
    assert counted, "the return visit within three working days counts over the National Day"
    page.goto(f"{timed.url}/wall/cases/{case}?promise={counted[0]}")
    days = page.locator(".days")
    expect(days).to_contain_text("国庆")
    expect(days.locator(".counted").first).to_contain_text("第 1 天")
    expect(page.locator(".sentence")).not_to_be_empty()


def test_a_visit_entered_late_takes_the_breach_back(page: Page, timed: Site) -> None:
    key, start = timed.key(), timed.now()
    case = send(timed, key, complaint("c-1", start))[0]["case_id"]
    enter(page, timed, key)
    timed.let_pass(2 * DAY)
    expect(page.locator("#group-breached .row").first).to_be_visible()
    send(
        timed,
        key,
        {
            "specversion": "1.0",
            "id": "visit",
            "type": "followup.complaint_intake_completed",
            "time": format_instant(start + HOUR),
            "caseid": case,
            "channel": "phone_out",
            "actorrole": "cs_front_desk",
            "data": {"reached": True, "content": "当天已回访，漏登记"},
        },
    )
    expect(page.locator("#group-late_entry .row")).to_have_count(1)
    expect(page.locator("#group-late_entry")).to_contain_text("补录达标")
    page.goto(f"{timed.url}/wall/cases/{case}")
    expect(page.locator("#line")).to_contain_text("判定撤回：超时 · 接单后24小时回访")
    expect(page.locator("#line")).to_contain_text("判定撤回：提醒 · 接单后24小时回访")


def test_it_is_worked_by_keyboard_and_filed_from(page: Page, timed: Site) -> None:
    key = timed.key()
    send(timed, key, complaint("c-1", timed.now()))
    enter(page, timed, key)
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    assert page.evaluate("document.activeElement.matches('a.open')")
    page.keyboard.press("Enter")
    expect(page.locator("#case")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#case")).to_have_count(0)
    assert page.evaluate("document.activeElement.matches('a.open')")

    page.click("#file")
    page.fill("#file-form textarea", "电梯停了两天")
    page.fill("#file-form input[name=house_id]", "13800000000")
    page.locator("#file-form button.primary").click()
    expect(page.locator("#file-problem")).to_contain_text("房号：疑似手机号")
    page.fill("#file-form input[name=project_id]", "云栖花园")
    page.fill("#file-form input[name=house_id]", "1-1-0101")
    page.fill("#file-form input[name=phone]", "13900000000")
    page.locator("#file-form button.primary").click()
    expect(page.locator("#case")).to_contain_text("电梯停了两天")
    expect(page.locator("#case h2")).to_have_text("投诉 · 云栖花园 1-1-0101")
    expect(page.locator("#list")).to_contain_text("1-1-0101")


@pytest.mark.parametrize(("width", "height"), [(1280, 720), (1600, 900)])
def test_it_fits_and_speaks_both_languages(page: Page, timed: Site, width: int, height: int) -> None:
    key = timed.key()
    send(timed, key, *(complaint(f"c-{n}", timed.now(), ticket=f"T-{n}") for n in range(4)))
    timed.let_pass(30 * HOUR)
    page.set_viewport_size({"width": width, "height": height})
    enter(page, timed, key)
    expect(page.locator("#group-breached .row").first).to_be_visible()
    for language, word in (("en", "Deadline wall"), ("zh", "时限看板")):
        page.click(f"button[lang={language}]")
        expect(page.locator("h1")).to_have_text(word)
        wide = page.evaluate("""() => {
            const list = document.querySelector('#list'), floor = document.querySelector('.floor');
            return [document.documentElement.scrollWidth, list.scrollWidth - list.clientWidth,
                floor.scrollHeight - floor.clientHeight];
        }""")
        assert wide == [width, 0, 0]
        cut = page.evaluate("""() => [...document.querySelectorAll('.row td, .row td *, .chip')]
            .filter(node => node.scrollWidth > node.clientWidth + 1).map(node => node.className)""")
        assert cut == []
    expect(page.locator("#chip-all .chip-name")).to_have_text("全部时限")  # not those without a limit
    page.click("#chip-breached")
    expect(page.locator(".group")).to_have_count(1)
    expect(page.locator("#chip-breached")).to_have_attribute("aria-current", "true")


def test_it_is_worked_on_a_phone(page: Page, timed: Site) -> None:
    key = timed.key()
    send(timed, key, *(complaint(f"c-{n}", timed.now(), ticket=f"T-{n}") for n in range(2)))
    timed.let_pass(30 * HOUR)
    page.set_viewport_size({"width": 390, "height": 844})
    enter(page, timed, key)
    row = page.locator("#group-breached .row").first
    for language in ("en", "zh"):
        page.click(f"button[lang={language}]")
        expect(page.locator(f"html[lang^={language}]")).to_have_count(1)
        expect(row).to_be_visible()
        cut = page.evaluate("""() => [...document.querySelectorAll('.chip, .chip *, .row td, .row a, .row button, .bar *')]
            .filter(node => node.clientWidth && !node.closest('.hidden'))
            .filter(node => node.scrollWidth > node.clientWidth + 1 || node.getBoundingClientRect().right > 390)
            .map(node => node.className + ': ' + node.textContent)""")
        assert cut == []
        assert page.evaluate("document.documentElement.scrollWidth") == 390
    row.get_by_role("button", name="确认").click()
    expect(row).to_contain_text("已确认")
    row.locator("a.open").click()
    expect(page.locator(".sentence")).to_be_visible()
    assert page.evaluate("document.querySelector('#panel').scrollWidth") <= 390
    page.click("#panel-close")
    expect(page.locator("#case")).to_have_count(0)


def test_a_restart_is_lived_through(page: Page, timed: Site) -> None:
    key = timed.key()
    enter(page, timed, key)
    port = int(timed.url.rsplit(":", 1)[1])
    timed.stop()
    expect(page.locator("html[data-live=off]")).to_have_count(1)
    timed.start(port)
    expect(page.locator("html[data-live=on]")).to_have_count(1)
    send(timed, key, complaint("c-1", timed.now()))
    expect(page.locator(".row").first).to_be_visible()


def test_a_call_is_made_and_the_list_follows(page: Page, timed: Site) -> None:
    """今日待办: filed by a click, the row goes or tells of the attempt by itself; on paper there are boxes to tick."""
    key = timed.key()
    case = send(timed, key, complaint("c-1", timed.now(), actorref="kf-012"))[0]["case_id"]
    timed.let_pass(25 * HOUR)
    send(
        timed, key, {**complaint("x-1", timed.now()), "type": "complaint.closed", "caseid": case, "data": {}}
    )
    enter(page, timed, key)
    page.get_by_role("link", name="今日待办").click()
    expect(page.locator("html[data-live=on]")).to_have_count(1)
    late, later = page.locator("#group-overdue .row"), page.locator("#group-later .row")
    expect(late).to_contain_text("王女士")
    expect(later).to_contain_text("投诉关闭后回访")
    later.get_by_role("button", name="未接通").dblclick()
    expect(later.locator(".tried")).to_contain_text("未接通 1/3 天")
    later.get_by_text("已回访").click()
    later.locator("select[name=mark]").select_option("5")
    later.get_by_role("button", name="满意", exact=True).click()
    expect(page.locator("#toast")).to_contain_text("已回访")
    expect(later).to_have_count(0)
    late.locator("a.open").click()
    expect(page.locator("#case")).to_contain_text("投诉关闭后回访")
    page.keyboard.press("Escape")

    page.emulate_media(media="print")
    expect(late.locator(".on-paper")).to_contain_text("□ 未接通")
    expect(late.get_by_role("button")).to_have_count(0)
    expect(page.locator("#panel")).to_be_hidden()
    page.emulate_media(media="screen")
    page.set_viewport_size({"width": 390, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    page.locator("#person").select_option("kf-012")
    expect(page).to_have_url(f"{timed.url}/today?person=kf-012&role=")
    late.get_by_role("button", name="已回访").click()
    expect(page.locator(".nothing")).to_be_visible()
    with timed.client(key) as http:
        told = http.get(f"/cases/{case}/history").json()["touchpoints"]
    filed = [one for one in told if one["type"].startswith("followup.")]
    assert [
        (one["type"].split("_")[-2], one["actor_ref"]) for one in filed if "completed" in one["type"]
    ] == [
        ("close", ""),
        ("intake", "kf-012"),
    ]
    assert len(filed) == 3


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_counters_stand_in_full_rows(page: Page, timed: Site, lang: str) -> None:
    """One row where there is room; elsewhere rows without a hole; nothing is cut off, reaches beyond the board, or scrolls
    sideways."""
    page.context.add_cookies([{"name": "touchline_lang", "value": lang, "url": timed.url}])
    enter(page, timed, timed.key())
    english = int(lang == "en")
    for width, rows in ((1920, 1), (1600, 1 + english), (1280, 1), (1100, 1 + english), (900, 2), (390, 4)):
        page.set_viewport_size({"width": width, "height": 844})
        looked = page.evaluate("""() => {
            const boxes = [...document.querySelectorAll('.chip')].map(chip => chip.getBoundingClientRect());
            const lines = new Map();
            for (const box of boxes) lines.set(box.top, Math.max(lines.get(box.top) || 0, box.right));
            const cut = [...document.querySelectorAll('.chip')].filter(chip => chip.scrollWidth > chip.clientWidth);
            return {ends: [...lines.values()], cut: cut.map(chip => chip.innerText),
                    end: document.querySelector('.board').getBoundingClientRect().right,
                    wide: document.documentElement.scrollWidth - window.innerWidth};
        }""")
        assert len(looked["ends"]) == rows, (width, looked)
        assert max(looked["ends"]) - min(looked["ends"]) < 1, (width, looked)
        assert 12 < looked["end"] - max(looked["ends"]) < 22, (width, looked)
        assert (looked["cut"], looked["wide"]) == ([], 0), (width, looked)


def test_what_did_not_work_is_said(page: Page, timed: Site) -> None:
    """A request that does not arrive leaves what is shown, and says so; it can be made again."""
    key = timed.key()
    send(timed, key, complaint("c-1", timed.now()))
    enter(page, timed, key)
    page.route("**/wall/cases/**", lambda route: route.abort())
    page.locator("a.open").first.click()
    expect(page.locator("#toast")).to_contain_text("连不上服务器")
    page.unroute("**/wall/cases/**")
    page.click("#file")
    page.fill("textarea[name=description]", "电梯停了两天")
    page.route("**/wall/complaints", lambda route: route.abort())
    page.fill("input[name=house_id]", "yunqi-3-1201")
    page.click("#file-form button.primary")
    expect(page.locator("#file-problem")).to_contain_text("连不上服务器")
    page.unroute("**/wall/complaints")
    page.fill("input[name=by]", "kf-012")
    page.click("#file-form button.primary")
    expect(page.locator("#owned")).to_contain_text("首问负责人 kf-012")


def test_the_approver_decides_and_the_page_follows(page: Page, timed: Site) -> None:
    timed.tenant()
    publish(timed.house, timed.tenant(), profile())
    twice = [complaint(f"c-{n}", timed.now() - (3 - n) * DAY, ticket=f"T-{n}") for n in (1, 2)]
    for one in twice:
        one["data"]["category"] = "leak"
    send(timed, timed.key(), *twice)
    enter(page, timed, timed.key("gm-office", approver=True))
    page.get_by_role("link", name="处罚审批").click()
    expect(page.locator("#group-proposed .row")).to_have_count(1)
    page.locator("summary").click()
    page.get_by_label("审批人代码").fill("gm-1")
    page.get_by_label("金额（元）").fill("19.99")
    page.get_by_role("button", name="确认处罚").click()
    expect(page.locator("#toast")).to_contain_text("金额须在")
    timed.let_pass(MINUTE)  # the page is drawn anew: what was typed stays
    page.get_by_label("金额（元）").fill("300")
    page.get_by_role("button", name="确认处罚").click()
    expect(page.locator("#group-confirmed .row")).to_contain_text("300.00 元")
    expect(page.locator("#group-confirmed .row")).to_contain_text("gm-1 审批于")
    page.locator("#group-confirmed a.open").click()
    expect(page.locator("#case #penalties")).to_contain_text("300.00 元")
