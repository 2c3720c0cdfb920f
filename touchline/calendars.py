"""Publishing a calendar year (工作日历), as the command asks for it: the company's own hours go on as they were."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ledger.candidate import Appended
from ledger.tenants import Tenant
from schemas.canonical import Json
from touchline.exits import Exit, Refused

if TYPE_CHECKING:
    from touchline.house import House


def publish(
    house: House,
    tenant: Tenant,
    plain: str,
    region: str,
    year: int,
    file: dict[str, Any] | None,
    version: str,
) -> Json:
    """One ``calendar.published`` of one year. ``file``: how it differs, as ``schemas.policy.Calendar`` has it, and
    ``names`` (day -> why). What it does not say of shifts, close and roll is taken from the calendar as published last: of
    the ``region``, else of all.
    Raises Refused."""
    from pydantic import ValidationError

    from producers.calendar_maker import NoHolidays, make_calendar
    from schemas.calendar import PublishedCalendar, regional
    from schemas.instants import parse_instant
    from schemas.policy import Calendar
    from touchline.defaults import fact

    written = dict(file or {})
    names = written.pop("names", None) or {}
    name = regional(plain, region)
    published = {one["name"]: one for one in house.reading.published.calendars(tenant)}
    last = published.get(name, published.get(plain))
    for part in ("shifts", "close", "roll"):
        if last is not None and part not in written:
            written[part] = last[part]
    first = parse_instant(f"{year}-01-01T00:00:00+08:00")
    try:
        data = make_calendar(name, first, (year,), Calendar.model_validate(written), version)
        data["names"] = {**data["names"], **{str(day): str(why) for day, why in names.items()}}
        PublishedCalendar.model_validate(data)
    except NoHolidays as error:
        raise Refused(
            Exit.UNKNOWN,
            f"已安装的 chinesecalendar 没有 {year} 年的节假日；请升级，或用 --from 给出该年（base: none）。",
            f"{error}; or give the year with --from (base: none).",
        ) from None
    except ValidationError as error:
        from schemas.policy_findings import texts_of

        found = [(".".join(map(str, path)), text) for path, text in texts_of(error, written)]
        zh = "；".join(f"{where}：{text.zh}" if where else text.zh for where, text in found)
        en = "; ".join(f"{where}: {text.en}" if where else text.en for where, text in found)
        raise Refused(Exit.USAGE, f"日历内容有误：{zh}。", f"calendar: {en}.") from None
    outcome = house.ledger.append(
        tenant, [fact(f"calendar/{name}/{data['version']}", "calendar.published", house.clock.now(), data)]
    ).result(60.0)[0]
    if not isinstance(outcome, Appended):
        if outcome.status == 409:
            raise Refused(
                Exit.USAGE,
                f"日历 {name} 的版本 {data['version']} 已发布且内容不同；请用 --version 另取版本号。",
                f"Version {data['version']} of calendar {name} is published with other days; name a new --version.",
            )
        raise Refused(
            Exit.USAGE, f"{outcome.field}：{outcome.reason_zh}。", f"{outcome.field}: {outcome.reason}."
        )
    if house.runner is not None:
        house.runner.wake()
    return {
        "name": name,
        "version": data["version"],
        "year": year,
        "place": outcome.place,
        "again": outcome.duplicate,
    }
