"""发布: policies, calendars and roles are facts too, and a promise binds the version that stood at its trigger."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StringConstraints

from schemas.fields import CLOCK_FORM, YEAR_FORM, Code, Moment, Opaque, Ref
from schemas.model import Content, Part

Clock = Annotated[str, StringConstraints(pattern=CLOCK_FORM)]
LunarMonth = Annotated[str, StringConstraints(pattern=r"^(0[1-9]|1[0-2])\+?$")]
YearDays = Annotated[str, StringConstraints(pattern=YEAR_FORM)]
"""One letter a day from 1 January: W working, H rest."""


class PolicyPublished(Content):
    """时限政策发布: T213. ``policy`` is the whole expanded profile; schemas.policy reads it."""

    TYPE = "policy.published"

    profile: Ref
    version: Ref
    effective_from: Moment
    policy: Opaque
    property_reply_limit: Ref | None = None
    by: Ref | None = None


class CalendarPublished(Content):
    """工作日历发布: no row; domain.md 0.2 asks for working days as data. Days are expanded: no library is asked later.

    ``names`` says why a day is not what its weekday makes of it (春节, 春节调休上班); ``shifts`` are the service hours;
    ``close`` ends a working day early; ``roll`` moves month limits off rest days ("none" does not). ``lunar`` names the first
    day of each lunar month (农历) that touches a year: no library is asked later for festivals either.
    """

    TYPE = "calendar.published"

    name: Ref
    version: Ref
    effective_from: Moment
    years: Annotated[dict[str, YearDays], Field(min_length=1)]
    names: dict[str, Ref] | None = None
    shifts: list[Annotated[list[Clock], Field(min_length=2, max_length=2)]] | None = None
    close: Clock | None = None
    roll: Code | None = None
    lunar: dict[str, dict[str, LunarMonth]] | None = None
    by: Ref | None = None


class Role(Part):
    """岗位: who owes and who is told. ``superior`` is told of a breach too."""

    role: Code
    zh: Ref
    en: Ref | None = None
    superior: Code | None = None


class RolesPublished(Content):
    """岗位发布: no row; roles of domain.md 1.1 with their superiors. The newest replaces the ones before."""

    TYPE = "roles.published"

    roles: Annotated[list[Role], Field(min_length=1, max_length=1000)]
    by: Ref | None = None
