"""``touchline calendar``: working days, holidays and service hours, as published."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from touchline.exits import Exit, Refused
from touchline.options import DATA, DatabaseOption, DataOption, JsonOption, TenantOption, say, show, table
from touchline.place import place_of

calendars = typer.Typer(
    help="工作日历。Calendars: statutory holidays, make-up days, closing days.", no_args_is_help=True
)
YearOption = Annotated[int, typer.Option("--year", min=1971, max=2999, metavar="Y", help="哪一年 which year")]
RegionOption = Annotated[
    str,
    typer.Option("--region", help="区域自己的日历；不给则为全公司 a region's own calendar, else everybody's"),
]
NameOption = Annotated[str, typer.Option("--name", help="政策里的日历名 its name in the policies")]


def add(app: typer.Typer) -> None:
    app.add_typer(calendars, name="calendar")


@calendars.command("publish")
def publish(
    year: YearOption,
    file: Annotated[
        Path | None,
        typer.Option(
            "--from",
            metavar="FILE",
            help="YAML：base（cn 或 none）、closed、open、names、shifts、close、roll；或 CSV：日期,W 或 H,缘由 "
            "YAML with these keys, or CSV: date, W or H, why",
        ),
    ] = None,
    name: NameOption = "office",
    region: RegionOption = "",
    version: Annotated[str, typer.Option("--version", help="版本号 a version of your own")] = "",
    tenant: TenantOption = "",
    data: DataOption = DATA,
    database: DatabaseOption = "",
    as_json: JsonOption = False,
) -> None:
    """发布一年的工作日历：取自 chinesecalendar 或文件；待定的时限随即确定。Publish a year, from chinesecalendar or a file; what
    stood undated for it is dated at once. Service hours go on as published last unless the file says otherwise.

    With --region it is the calendar of that region alone: what is triggered there from now on (the event's own region, else
    the region of its project, as project.registered told it) counts by it. Years that it lacks are the company's as
    published before; later ones have to be published for the region too.

    \b
    Example:
      touchline calendar publish --year 2027 --from 2027.yaml
      touchline calendar publish --year 2027 --region east --from east-2027.yaml
    """
    from touchline.desk import desk

    written = None if file is None else _read(file, year)
    with desk(place_of(data, database)) as counter:
        made = counter.perform(
            "calendar.publish",
            {
                "tenant": tenant,
                "name": name,
                "year": year,
                "file": written,
                "version": version,
                "region": region,
            },
        )
    if as_json:
        show(made)
        return
    again = "（此前已发布，内容相同）" if made["again"] else ""
    name = made["name"]
    say(
        f"日历 {name} {year} 年已发布，版本 {made['version']}{again}。",
        f"Calendar {name}, {year}: version {made['version']} at place {made['place']}.",
    )


@calendars.command("show")
def show_year(
    year: YearOption,
    name: NameOption = "office",
    region: RegionOption = "",
    tenant: TenantOption = "",
    data: DataOption = DATA,
    database: DatabaseOption = "",
    as_json: JsonOption = False,
) -> None:
    """显示已发布的一年：工作日数、与平常星期不同的日子、服务时间。Show a published year: how many working days, the days that
    are not what their weekday makes of them, service hours. Ends with 3 where the year has no data.

    \b
    Example:
      touchline calendar show --year 2026
    """
    from schemas.calendar import regional
    from touchline.library import Library

    name = regional(name, region)
    with Library(place_of(data, database)) as library:
        found = library.reading.published.calendars(library.tenant(tenant))
    one = next((one for one in found if one["name"] == name), None)
    if one is None or str(year) not in one["years"]:
        raise Refused(
            Exit.UNKNOWN,
            f"日历 {name} 没有 {year} 年的数据（touchline calendar publish --year {year}）。",
            f"Calendar {name} has no data of {year} (touchline calendar publish --year {year}).",
        )
    letters = one["years"][str(year)]
    days = {day: why for day, why in sorted(one["names"].items()) if day.startswith(str(year))}
    if as_json:
        moons = {text: months for text, months in one["lunar"].items() if text == str(year)}
        count = letters.count("W")
        show({**one, "years": {str(year): letters}, "names": days, "lunar": moons, "working_days": count})
        return
    from datetime import date

    def works(day: str) -> str:
        working = letters[date.fromisoformat(day).timetuple().tm_yday - 1] == "W"
        return "上班 W works" if working else "休息 H off"

    table(("日期 day", "", "缘由 why"), ((day, works(day), why) for day, why in days.items()))
    hours = " ".join(f"{start}–{stop}" for start, stop in one["shifts"])
    say(
        f"{name} {year}（版本 {one['version']}）：{letters.count('W')} 个工作日，服务时间 {hours}。",
        f"{letters.count('W')} working days, service hours {hours}.",
    )


def _read(path: Path, year: int) -> dict[str, Any]:
    """A YAML file as it stands, or the days of a CSV over the plain week. Raises Refused."""
    try:
        text = path.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError):
        raise Refused(
            Exit.UNKNOWN, f"读不出 {path}（须为 UTF-8）。", f"{path} cannot be read as UTF-8."
        ) from None
    if path.suffix.lower() == ".csv":
        return _days(path, text, year)
    from schemas.policy_yaml import BadYaml, read_yaml

    try:
        value = read_yaml(text, str(path)).value
    except BadYaml as error:
        raise Refused(
            Exit.USAGE,
            f"{error.place}：{error.text.zh}。",
            f"{error.place}: {error.text.en}.",
        ) from None
    if not isinstance(value, dict):
        raise Refused(Exit.USAGE, f"{path} 应为键值。", f"{path}: write keys and values.")
    return value


def _days(path: Path, text: str, year: int) -> dict[str, Any]:
    import csv

    from schemas.instants import parse_day

    days: dict[str, list[str]] = {"W": [], "H": []}
    names: dict[str, str] = {}
    for number, line in enumerate(csv.reader(text.splitlines()), start=1):
        if not line or line[0].startswith("#"):
            continue
        day, letter, why = (*(part.strip() for part in line), "", "")[:3]
        try:
            parse_day(day)
            if not day.startswith(str(year)) or letter not in days:
                raise ValueError
        except ValueError:
            raise Refused(
                Exit.USAGE,
                f"{path} 第 {number} 行：应为 {year} 年的日期、W 或 H、缘由。",
                f"{path} line {number}: write a date of {year}, W or H, and why.",
            ) from None
        days[letter].append(day)
        if why:
            names[day] = why
    return {"base": "none", "open": days["W"], "closed": days["H"], "names": names}
