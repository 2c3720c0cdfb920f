"""One policy: a duty (时限责任) with its trigger, limit, discharge, and who owes it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, model_validator

from schemas.policy_due import After, Before, Coverage, Due, Every, Gate, Given
from schemas.policy_match import AllOf, Expr, Match, Ref, leaves
from schemas.policy_terms import Elapsed, Flag, Path, Strict, Whole
from schemas.policy_tests import Keys, Where
from schemas.texts import Wrong

VERDICTS = frozenset(
    f"obligation.{word}" for word in ("due_soon", "breached", "dated", "alert_step_reached", "retracted")
)
"""What the promises rule itself says; a policy that listens to one of these names the obligation."""
Again = Literal["settled", "never", "restart", "each"]
"""A trigger while one is open: ignored (settled, never), starts it anew (restart), opens another (each).
After it is settled: a new promise, except with never."""


class Pause(Strict):
    """The clock stands from ``start`` to ``stop``; ``party`` is the field that says whose time it is."""

    start: Ref
    stop: Ref
    party: Path | None = None


class Ower(Strict):
    """A role that owes the promise, where the trigger passes the tests."""

    role: str = Field(min_length=1)
    where: Where = Field(default_factory=dict)


class Person(Strict):
    """The one person in charge now: ``of`` on the trigger, later ``to`` on the hand-over event ``moved``."""

    of: Path = "actor_ref"
    moved: Ref | None = None
    to: Path | None = None


class Warn(Strict):
    """When to warn: at a share of the limit, or a length before the due instant."""

    pct: Annotated[Whole, Field(gt=0, lt=100)] | None = None
    before: Elapsed | None = None

    @model_validator(mode="after")
    def _one(self) -> Warn:
        if (self.pct is None) == (self.before is None):
            raise Wrong("warn.one")
        return self


def _owers(value: object) -> object:
    return [{"role": value}] if isinstance(value, str) else value


class Policy(Strict):
    """One duty. ``row`` is its row in domain.md (O30); a company's own has none.
    ``owes``: the first role that fits the trigger owes it."""

    row: str | None = Field(default=None, pattern=r"^O\d{1,3}$")
    zh: str = Field(min_length=1)
    en: str | None = None
    enabled: Flag = True
    on: Expr
    until: Ref | None = None
    per: Keys = Field(min_length=1)
    member: Keys | None = None
    again: Again = "settled"
    due: Due | None = None
    by: Expr | None = None
    unreached: Ref | None = None
    cancel: list[Ref] = Field(default_factory=list)
    pause: list[Pause] = Field(default_factory=list)
    warn: list[Warn] | None = None
    ladder: str = "default"
    owes: Annotated[list[Ower], BeforeValidator(_owers)] = Field(min_length=1)
    also: list[str] = Field(default_factory=list)
    person: Person | None = None
    calendar: str | None = None

    @property
    def kind(self) -> str:
        """after before window every on_threshold gate coverage given open standing (domain.md 3.0)."""
        due = self.due
        if due is None:
            return "standing" if self.by is None else "open"
        if isinstance(due, Every) and due.rolling == "none":
            return "open"
        if isinstance(due, Before):
            return "window" if due.early == "accept" and due.lead != "any" else "before"
        if isinstance(due, After):
            ratio = isinstance(self.on, Match) and any("/" in path for path in self.on.where)
            if isinstance(self.on, AllOf) or ratio:
                return "on_threshold"
            return "window" if due.after is None else "after"
        return {Given: "given", Every: "every", Gate: "gate", Coverage: "coverage"}[type(due)]

    def needs(self) -> str:
        """The clock it needs: after, given, open (none, on a worklist), standing (none), or another kind.

        Unlike ``kind`` a threshold with a length is ``after`` here, since only its trigger is special.
        """
        if isinstance(self.due, After) and self.due.after is not None:
            return "after"
        return self.kind

    def matches(self) -> Iterator[tuple[str, Match]]:
        """(role, MATCH) of all it listens to: on reset by until unreached cancel start stop gate moved."""
        for match in leaves(self.on):
            yield "on", match
            for again in match.reset:
                yield "reset", again
        for match in leaves(self.by):
            yield "by", match
        for role, one in (("until", self.until), ("unreached", self.unreached)):
            if one is not None:
                yield role, one
        for match in self.cancel:
            yield "cancel", match
        for pause in self.pause:
            yield "start", pause.start
            yield "stop", pause.stop
        if isinstance(self.due, Gate):
            yield "gate", self.due.gate
        if self.person is not None and self.person.moved is not None:
            yield "moved", self.person.moved

    @model_validator(mode="after")
    def _coherent(self) -> Policy:
        due = self.due
        if isinstance(due, (Gate, Every, Coverage)) and self.pause:
            raise Wrong("pause.kinds")
        if (self.until or self.member) and not isinstance(due, Every):
            raise Wrong("until.kinds")
        if self.member and isinstance(due, Every) and due.rolling is not None:
            raise Wrong("member.kinds")
        if self.member and self.until is not None and self.until.match is not None:
            raise Wrong("until.match")
        if self.unreached is not None and isinstance(due, Every) and due.rolling is None:
            raise Wrong("unreached.kinds")
        if due is not None and self.by is None:
            raise Wrong("due.by")
        for role, match in self.matches():
            if role != "on" and (match.plus is not None or match.reset) and role != "until":
                raise Wrong("plus.role", role=role)
            if role not in ("by", "unreached") and (match.times > 1 or match.distinct is not None):
                raise Wrong("times.role", role=role)
            if role != "by" and not match.late:
                raise Wrong("late.role", role=role)
        return self
