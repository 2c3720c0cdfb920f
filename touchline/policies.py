"""Policy files as commands take them: read, and checked as they would be published."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import typer

from touchline.exits import Exit, Refused
from touchline.options import say, show

if TYPE_CHECKING:
    from schemas.calendar import PublishedCalendar
    from schemas.policy import PolicyFile
    from schemas.policy_findings import Finding
    from schemas.policy_words import Pair
    from touchline.place import Place

SHIPPED = "shipped"
"""Stands for the profile that comes with the program."""


def read(path: str) -> PolicyFile:
    """A profile by path or ``shipped``. Raises Refused."""
    from schemas.policy_files import load_profile
    from schemas.policy_findings import PolicyFileError

    if path != SHIPPED and not Path(path).exists():
        raise Refused(Exit.UNKNOWN, f"没有这个文件或目录：{path}。", f"There is no file or folder {path}.")
    try:
        return load_profile(None if path == SHIPPED else Path(path))
    except PolicyFileError as error:
        raise Refused(Exit.NOT_SO, f"{path} 有误：", str(error)) from None


def told_of_file(path: str, key: str) -> list[tuple[Pair, Pair]]:
    """A policy of ``read(path)`` in words. Raises Refused."""
    from schemas.policy_words import explain

    file = read(path)
    if key not in file.policies:
        zh, en = near(key, file.policies)
        raise Refused(Exit.UNKNOWN, f"没有政策 {key}。{zh}", f"There is no policy {key}.{en}")
    return explain(key, file)


def near(key: str, known: Iterable[str]) -> Pair:
    """Whether one of these was meant, in both languages; "" where none is like it."""
    from difflib import get_close_matches

    found = get_close_matches(key, known, n=3, cutoff=0.4)
    return (f"是否指：{'、'.join(found)}？", f" Did you mean {' or '.join(found)}?") if found else ("", "")


class Published(NamedTuple):
    """What a tenant has published: calendar -> years, the calendars as they stand, and roles."""

    years: dict[str, set[int]]
    calendars: list[PublishedCalendar]
    roles: set[str]


def checked(path: Path, published: Published | None, *, as_json: bool) -> tuple[PolicyFile, list[Finding]]:
    """The profile, and warnings; ends with 1 where it cannot be published. ``published``: None = as a new tenant's."""
    from datetime import UTC, datetime, timedelta

    from schemas.calendar import SHIPPED_YEARS
    from schemas.catalogue import CATALOGUE
    from schemas.instants import to_datetime
    from schemas.policy_check import check_policy
    from schemas.policy_files import read_profile
    from schemas.policy_findings import PolicyFileError
    from schemas.words_roles import ROLES

    if not path.exists():
        raise Refused(Exit.UNKNOWN, f"没有这个文件或目录：{path}。", f"There is no file or folder {path}.")
    types = {name: {*kind.model.model_fields} for name, kind in CATALOGUE.items()}
    try:
        profile = read_profile(path)
        file = profile.policy_file
        known = published or Published({name: {*SHIPPED_YEARS} for name in file.calendars}, [], {*ROLES})
        today = datetime.now(UTC)
        years = {to_datetime(file.effective_from).year, today.year, (today + timedelta(days=45)).year}
        found = check_policy(
            file,
            types,
            calendars=known.years,
            years=years,
            published=known.calendars,
            roles=known.roles,
            places=profile.places,
        )
        if any(one.level == "error" for one in found):
            raise PolicyFileError(found)
    except PolicyFileError as error:
        if as_json:
            show({"ok": False, "findings": [one.dump() for one in error.findings]})
        else:
            print_findings(error.findings)
            wrong = sum(one.level == "error" for one in error.findings)
            more = len(error.findings) - wrong
            say(f"{wrong} 处有误，{more} 处提醒。", f"{wrong} errors, {more} warnings.")
        raise typer.Exit(Exit.NOT_SO) from None
    return file, found


def published(place: Place, tenant: str) -> Published:
    """What policies of that tenant can name."""
    from schemas.calendar import PublishedCalendar
    from touchline.library import Library

    with Library(place) as library:
        whose, read = library.tenant(tenant), library.reading.published
        calendars = [PublishedCalendar.model_validate(one) for one in read.calendars(whose)]
        return Published(read.calendar_years(whose), calendars, read.roles(whose))


def published_if_told(place: Place, tenant: str) -> Published | None:
    """The same for who goes on without: None while the tables wait for a rebuild after an upgrade."""
    from projections.store import OtherFold

    try:
        return published(place, tenant)
    except OtherFold:
        return None


def print_findings(found: Iterable[Finding]) -> None:
    """One a line, and whether it forbids publishing."""
    for one in found:
        print(f"{one} [{'有误 error' if one.level == 'error' else '提醒 warning'}]")
