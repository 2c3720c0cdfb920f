"""What a new tenant is given before any other fact: the shipped policies, the office calendar 2024–2026, the roles.

Published once, by ``tenant add``; an upgrade never publishes them again (invariant 9).
"""

from __future__ import annotations

from collections.abc import Mapping

from ledger.candidate import Candidate
from producers.calendar_maker import make_calendar
from producers.candidates import candidate
from schemas.calendar import SHIPPED_YEARS as YEARS
from schemas.canonical import Json
from schemas.instants import Instant, format_instant, parse_instant
from schemas.policy import PolicyFile
from schemas.policy_files import load_profile
from schemas.words_roles import ROLES

SOURCE = "touchline"
"""The source of what the front door itself writes."""
FROM = parse_instant("2024-01-01T00:00:00+08:00")

SUPERIORS = {
    "cs_front_desk": "cs_supervisor",
    "cs_staff": "cs_supervisor",
    "cs_specialist": "cs_supervisor",
    "cs_clerk": "cs_supervisor",
    "cs_assistant": "cs_supervisor",
    "cs_ambassador": "cs_supervisor",
    "first_contact_owner": "cs_supervisor",
    "customer_consultant": "cs_supervisor",
    "warranty_engineer": "cs_supervisor",
    "repair_crew": "repair_supervisor",
    "repair_supervisor": "cs_centre_manager",
    "cs_supervisor": "cs_senior_supervisor",
    "cs_senior_supervisor": "marketing_manager",
    "cs_centre": "cs_centre_manager",
    "project_cs": "cs_dept",
    "regional_cs": "cs_dept",
    "crc": "cs_dept",
    "cs_dept": "cs_leader",
    "cs_leader": "company_gm",
    "sales_rep": "sales_dept",
    "project_company": "project_head",
}
"""Who is told of a breach too. The seeds name few; a company publishes its own."""


def publications(now: Instant) -> list[Candidate]:
    """The first facts of a tenant, in order; calendars and roles before the policies that name them."""
    profile = load_profile()
    facts = [_calendar(profile, name, now) for name in sorted(profile.calendars)]
    facts += [fact("roles", "roles.published", now, {"roles": _roles()})]
    facts += [
        fact(f"policy/{profile.profile}/{profile.version}", "policy.published", now, profile.published())
    ]
    return facts


def published_policy(data: Mapping[str, Json], now: Instant) -> Candidate:
    """One more version of a profile, as the data of ``policy.published``. A profile and version stand once."""
    return fact(f"policy/{data['profile']}/{data['version']}", "policy.published", now, data)


def publication_of(profile: PolicyFile, now: Instant) -> Candidate:
    """One more version of a profile."""
    return fact(f"policy/{profile.profile}/{profile.version}", "policy.published", now, profile.published())


def _calendar(profile: PolicyFile, name: str, now: Instant) -> Candidate:
    data = make_calendar(name, FROM, YEARS, profile.calendars[name])
    return fact(f"calendar/{name}/{data['version']}", "calendar.published", now, data)


def _roles() -> list[Json]:
    return [
        {"role": role, "zh": zh, "en": en, **({"superior": SUPERIORS[role]} if role in SUPERIORS else {})}
        for role, (zh, en) in sorted(ROLES.items())
    ]


def fact(source_id: str, type_: str, now: Instant, data: Mapping[str, Json]) -> Candidate:
    """What the front door itself publishes."""
    made = {
        "specversion": "1.0",
        "id": source_id,
        "type": type_,
        "time": format_instant(now),
        "data": dict(data),
    }
    return candidate(made, SOURCE, now, admin=True)
