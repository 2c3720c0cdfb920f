"""Whether the names in a policy file lead anywhere: keys, facts, dates, ladders, calendars, verdicts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from schemas.policy_due import Before, Coverage, Gate
from schemas.policy_duty import VERDICTS, Policy
from schemas.policy_match import Match
from schemas.texts import Text, said

if TYPE_CHECKING:
    from schemas.policy import PolicyFile

Place = tuple[str | int, ...]
Found = list[tuple[Place, Text]]


def problems(file: PolicyFile) -> Found:
    """(place, what is wrong and what to do) for each name that leads nowhere, and for circles of verdicts."""
    found: Found = []
    for name, fact in file.facts.items():
        here: Place = ("facts", name)
        if name.partition(".")[0] not in file.keys or not name.partition(".")[2]:
            found.append((here, said("fact.name", known=sorted(file.keys))))
        if not fact.take and not fact.value:
            found.append((here, said("fact.source")))
        if VERDICTS & ({*(fact.take or {})} | {*(fact.value or {})}):
            found.append((here, said("fact.verdict")))
    for name, date in file.dates.items():
        found += [(("dates", name), text) for text in _keys(date.match, file)]
        if date.event in VERDICTS:
            found.append((("dates", name), said("date.verdict")))
    known = {*file.calendars, file.calendar}
    for key, policy in file.policies.items():
        found += [(("policies", key), text) for text in _policy(policy, file, known)]
    return found or [(("policies", key), text) for key, text in _circles(file)]


def _policy(policy: Policy, file: PolicyFile, calendars: Iterable[str]) -> Iterator[Text]:
    due = policy.due
    member = due.member if isinstance(due, Coverage) else policy.member
    for keys in (policy.per, member):
        yield from _keys(keys, file)
    scopes = {*policy.per, *(member or {})}
    for _, match in policy.matches():
        yield from _keys(match.match, file, policy.per)
        yield from _paths(match.where, file, scopes)
        yield from _verdicts(match, file)
    for ower in policy.owes:
        yield from _paths(ower.where, file, scopes)
    dates = (due.before,) if isinstance(due, Before) else (due.plan,) if isinstance(due, Gate) else ()
    for name in dates:
        if name is not None and name not in file.dates:
            yield said("date.unknown", name=repr(name), known=sorted(file.dates))
    if policy.ladder not in file.ladders:
        yield said("ladder.unknown", name=repr(policy.ladder), known=sorted(file.ladders))
    if policy.calendar is not None and policy.calendar not in calendars:
        yield said("calendar.unknown", name=repr(policy.calendar), known=sorted(calendars))


def _keys(
    keys: Mapping[str, str | None] | None, file: PolicyFile, per: Mapping[str, str | None] = {}
) -> Iterator[Text]:
    for name, path in (keys or {}).items():
        if path is None and name not in file.keys and name not in per:
            yield said("key.no_path", name=repr(name), plain=name, known=sorted(file.keys))


def _paths(where: Mapping[str, object], file: PolicyFile, scopes: set[str]) -> Iterator[Text]:
    for path in where:
        if "." not in path:
            continue
        fact = path.rstrip("[]#")
        if fact not in file.facts:
            yield said("fact.unknown", name=repr(fact), known=sorted(file.facts))
        elif fact.partition(".")[0] not in scopes:
            yield said("fact.scope", name=repr(fact), scope=fact.partition(".")[0])


def listens_to(match: Match) -> list[str]:
    """Keys of the obligations whose verdicts a MATCH names in ``where: {obligation_key: …}``."""
    test = match.where.get("obligation_key")
    if test is None or not test.model_fields_set & {"eq", "in_"}:
        return []
    return [str(key) for key in ([test.eq] if test.eq is not None else test.in_ or [])]


def _verdicts(match: Match, file: PolicyFile) -> Iterator[Text]:
    if not VERDICTS & {*match.types}:
        return
    if not {*match.types} <= VERDICTS:
        yield said("verdict.mixed")
    named = listens_to(match)
    if not named:
        yield said("verdict.which", type=match.types[0])
    for key in named:
        if key not in file.policies:
            yield said("verdict.unknown", name=repr(key))


def _circles(file: PolicyFile) -> Iterator[tuple[str, Text]]:
    """Policies that would, through verdicts, wake themselves: each circle once, at the key that closes it."""
    leads = {
        key: sorted({other for _, m in policy.matches() if VERDICTS & {*m.types} for other in listens_to(m)})
        for key, policy in sorted(file.policies.items())
    }
    done: set[str] = set()
    for start in leads:
        trail: dict[str, Iterator[str]] = {} if start in done else {start: iter(leads[start])}
        while trail:
            key = next(reversed(trail))
            other = next(trail[key], None)
            if other is None:
                del trail[key]
                done.add(key)
            elif other in trail:
                circle = [*[*trail][[*trail].index(other) :], other]
                yield key, said("circle", trail=" ← ".join(circle))
            elif other not in done:
                trail[other] = iter(leads[other])
