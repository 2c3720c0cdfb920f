"""What a policy file would do against the event types and calendars that are known, before it is published."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from difflib import get_close_matches

from schemas.calendar import PublishedCalendar
from schemas.event import ENVELOPE
from schemas.instants import parse_day, to_datetime
from schemas.policy import (
    VERDICTS,
    AllOf,
    AnyOf,
    Dur,
    Every,
    Expr,
    Given,
    Match,
    Policy,
    PolicyFile,
    leaves,
)
from schemas.policy_findings import Finding, Places, finding
from schemas.policy_yaml import Trail
from schemas.texts import Text, said

Types = Mapping[str, Collection[str]]
"""Event type -> the names of its data fields; the envelope's fields are known everywhere."""
Told = Iterator[tuple[str, Text, bool]]
"""(part of the policy, what is wrong and what to do, whether it forbids publishing)"""


def check_policy(
    policy_file: PolicyFile,
    catalogue_types: Types,
    *,
    calendars: Mapping[str, Collection[int]] | None = None,
    years: Collection[int] | None = None,
    published: Iterable[PublishedCalendar] = (),
    roles: Collection[str] | None = None,
    places: Places | None = None,
) -> list[Finding]:
    """Everything wrong or in vain, in order of place. ``error`` forbids publishing, ``warning`` does not.

    ``calendars``: name -> years with data; None = not to be checked. ``years``: in which promises will be counted,
    by default the year in which the profile begins. ``published``: calendars as they stand, to be compared with what the
    profile says of them. ``roles``: those that are published; None = not to be checked.
    ``places``: of ``policy_files.read_profile``.
    """
    found: list[Finding] = []
    places = places or {}
    for key, policy in policy_file.policies.items():
        if policy.enabled:
            for part, text, forbids in _policy(policy, policy_file, catalogue_types):
                made = finding(("policies", key, part), text, places)
                found.append(made if forbids else replace(made, level="warning"))
    found += _calendars(policy_file, calendars, years, places)
    found += _unlike(policy_file, published, places)
    if roles is not None:
        found += _roles(policy_file, roles, places)
    return sorted(dict.fromkeys(found), key=lambda f: (f.file, f.line, f.key, f.level, f.field, f.text.en))


def _policy(policy: Policy, file: PolicyFile, types: Types) -> Told:
    if not _possible(policy.on, types):
        yield "on", said("never_opens", unknown=_strange(leaves(policy.on), types)), True
    if policy.by is not None and not _possible(policy.by, types):
        yield "by", said("never_settles", unknown=_strange(leaves(policy.by), types)), True
    for role, match in policy.matches():
        part = _PART.get(role, role)
        for name in match.types:
            if not _known(name, types):
                yield part, said("type_unknown", name=repr(name)), False
        for path in (*match.where, match.at, match.distinct if match.distinct != "day" else None):
            yield from _field(part, path, match.types, types)
        yield from _keys(part, match, policy, file, types)
    opening = [name for match in leaves(policy.on) for name in match.types]
    if isinstance(policy.due, Given):
        yield from _field("due", policy.due.given, opening, types)
    for path in (path for ower in policy.owes for path in ower.where):
        yield from _field("owes", path, opening, types)
    if policy.person is not None:
        yield from _field("person", policy.person.of, opening, types)
        if policy.person.moved is not None:
            yield from _field("person", policy.person.to, policy.person.moved.types, types)
    for pause in policy.pause:
        yield from _field("pause", pause.party, [*pause.start.types, *pause.stop.types], types)


_PART = {"reset": "on", "start": "pause", "stop": "pause", "gate": "due", "moved": "person"}


def _known(name: str, types: Types) -> bool:
    return name == "*" or name in types or name in VERDICTS


def _possible(expr: Expr, types: Types) -> bool:
    """Whether some known events could make it true."""
    if isinstance(expr, AnyOf):
        return any(_possible(part, types) for part in expr.any)
    if isinstance(expr, AllOf):
        return all(_possible(part, types) for part in expr.all)
    return any(_known(name, types) for name in expr.types)


def _strange(matches: Iterable[Match], types: Types) -> list[str]:
    return sorted({name for match in matches for name in match.types if not _known(name, types)})


def _field(part: str, path: str | None, names: Iterable[str], types: Types) -> Told:
    """A field that no type of the MATCH has: the test always sees it as unknown."""
    if path is None or "." in path:
        return
    models = {name: types[name] for name in names if name in types}
    for field in path.rstrip("[]#").split("/"):
        without = sorted(
            name for name, fields in models.items() if field not in fields and field not in ENVELOPE
        )
        if without:
            yield part, said("field_unknown", name=repr(field), types=without), len(without) == len(models)


def _keys(part: str, match: Match, policy: Policy, file: PolicyFile, types: Types) -> Told:
    """The fields in which the key values stand, in every event that is to find its promise."""
    if match.match is None:
        paths = [path or file.keys.get(name) for name, path in policy.per.items()]
    else:
        paths = [path or file.keys.get(name) or policy.per.get(name) for name, path in match.match.items()]
    for path in paths:
        yield from _field(part, path, match.types, types)


def _calendars(
    file: PolicyFile,
    known: Mapping[str, Collection[int]] | None,
    years: Collection[int] | None,
    places: Places,
) -> Iterator[Finding]:
    if known is None:
        return
    wanted = years if years is not None else [to_datetime(file.effective_from).year]
    needed: dict[str, str] = {}
    for key, policy in file.policies.items():
        if policy.enabled and _counts_working_time(policy, file):
            needed.setdefault(policy.calendar or file.calendar, key)
    for name, key in sorted(needed.items()):
        if name not in known:
            yield finding(("policies", key), said("calendar_unpublished", name=repr(name)), places)
            continue
        for year in sorted({*wanted} - {*known[name]}):
            made = finding(("calendar",), said("calendar_year", name=repr(name), year=year), places)
            yield replace(made, field="", level="warning")


def _unlike(file: PolicyFile, published: Iterable[PublishedCalendar], places: Places) -> Iterator[Finding]:
    """What a profile says of a calendar is said in vain until that is published."""
    for stands in published:
        its = file.calendars.get(stands.name)
        if its is None:
            continue
        parts: list[str] = [
            part for part in ("shifts", "close", "roll")
            if part in its.model_fields_set and getattr(its, part) != getattr(stands, part)
        ]  # fmt: skip
        for part, works in (("closed", True), ("open", False)):
            if any(stands.works(parse_day(day)) is works for day in getattr(its, part)):
                parts.append(part)
        if parts:
            text = said("calendar_unlike", parts=parts)
            yield replace(finding(("calendars", stands.name), text, places), level="warning")


def _counts_working_time(policy: Policy, file: PolicyFile) -> bool:
    """Whether some length of it is counted in the calendar, or one of its days is the moon's."""
    if isinstance(policy.due, Every) and policy.due.moons:
        return True
    ladder = file.ladders[policy.ladder]
    said = [length for step in ladder.steps for length in (step.after, step.cap)]
    said += vars(policy.due).values() if policy.due is not None else ()
    calendar = file.calendars.get(policy.calendar or file.calendar)
    rolls = calendar is not None and calendar.roll != "none"
    return any(isinstance(length, Dur) and (rolls or length.unit in ("wd", "sh")) for length in said)


def _roles(file: PolicyFile, known: Collection[str], places: Places) -> Iterator[Finding]:
    named: dict[Trail, Iterable[str]] = {}
    for key, policy in file.policies.items():
        if policy.enabled:
            named["policies", key, "owes"] = [ower.role for ower in policy.owes]
            named["policies", key, "also"] = policy.also
    for name, ladder in file.ladders.items():
        told = [*ladder.breach, *(role for step in ladder.steps for role in step.to)]
        named["ladders", name] = [role for role in told if role not in ("ower", "superior")]
    for path, roles in named.items():
        for role in sorted({*roles} - {*known}):
            near = get_close_matches(role, known, n=1)
            code = "role_near" if near else "role_unknown"
            text = said(code, name=repr(role), near=next(iter(near), ""))
            yield replace(finding(path, text, places), level="warning")
