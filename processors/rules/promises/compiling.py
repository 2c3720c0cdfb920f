"""Compiling a policy (编译时限政策): models in, terms out. Done once for each published version."""

from __future__ import annotations

from processors.rules.promises.hearing import Hearing
from processors.rules.promises.listeners import (
    CANCEL,
    DISCHARGE,
    GATE,
    MOVED,
    START,
    STOP,
    TRIGGER,
    UNREACHED,
    UNTIL,
)
from processors.rules.promises.people import owing
from processors.rules.promises.promise import blank
from processors.rules.promises.terms import (
    All_,
    Any_,
    Expr,
    Form,
    Owing,
    Terms,
    Waiting,
    Warning_,
    alone,
    slots,
)
from processors.rules.promises.texts import words
from schemas.policy import (
    After,
    AllOf,
    AnyOf,
    Before,
    Coverage,
    Dur,
    Every,
    Gate,
    Given,
    Policy,
    PolicyFile,
)
from schemas.policy import Expr as PolicyExpr


def compile_file(file: PolicyFile) -> dict[str, Terms]:
    """Terms of every enabled policy that keeps rows: all but the standing duties, which nothing settles."""
    return {
        key: _terms(key, policy, file)
        for key, policy in file.policies.items()
        if policy.enabled and judged_here(policy)
    }


def judged_here(policy: Policy) -> bool:
    """Whether this rule keeps a row for it: a due date of its own or none, and something that settles it."""
    return policy.by is not None


def form_of(policy: Policy) -> Form:
    """How it is judged."""
    due = policy.due
    if isinstance(due, Every):
        return "every" if due.rolling is None else "rolling"
    forms: dict[type, Form] = {
        After: "after",
        Given: "given",
        Gate: "gate",
        Before: "before",
        Coverage: "coverage",
    }
    return forms[type(due)] if due is not None else "open"


def _limit(policy: Policy) -> Dur | None:
    """The length from opening to due instant."""
    due = policy.due
    if isinstance(due, After):
        return due.after
    if isinstance(due, Every):
        return due.rolling if isinstance(due.rolling, Dur) else None
    return due.ripe if isinstance(due, Coverage) else None


def _expr(hearing: Hearing, role: str, written: PolicyExpr, path: str = "") -> Expr:
    if isinstance(written, AnyOf):
        return Any_(tuple(_expr(hearing, role, part, f"{path}{i}.") for i, part in enumerate(written.any)))
    if isinstance(written, AllOf):
        parts = tuple(_expr(hearing, role, part, f"{path}{i}.") for i, part in enumerate(written.all))
        return All_(parts, path or ".")
    return hearing.leaf(role, written)


def _warnings(policy: Policy, file: PolicyFile) -> tuple[Warning_, ...]:
    """What the policy says, else the ladder's own share of the limit."""
    if policy.warn is None:
        return (Warning_(file.ladders[policy.ladder].warn_pct),)
    return tuple(Warning_(warn.pct or 0, warn.before) for warn in policy.warn)


def _terms(key: str, policy: Policy, file: PolicyFile) -> Terms:
    hearing, due = Hearing(key, policy, file), policy.due
    on = _expr(hearing, TRIGGER, policy.on)
    assert policy.by is not None
    by = _expr(hearing, DISCHARGE, policy.by)
    after = due if isinstance(due, After) else None
    since = after.since if after else None
    gate = due if isinstance(due, Gate) else None
    moving = due if isinstance(due, Before) else None
    tested = [ower for ower in policy.owes if ower.where]
    first = policy.owes[0] if policy.owes else None
    return Terms(
        key=key,
        row=policy.row or "",
        zh=policy.zh,
        en=policy.en or policy.zh,
        kind=policy.kind,
        form=form_of(policy),
        names=tuple(sorted(hearing.own)),
        on=on,
        by=by,
        again=policy.again,
        calendar=policy.calendar or file.calendar,
        ladder=file.ladders[policy.ladder],
        limit=_limit(policy),
        given=due.given if isinstance(due, Given) else "",
        min=after.min if after else None,
        early=after.early if after else moving.early if moving else "ignore",
        since=since if isinstance(since, Dur) else None,
        since_ever=since == "ever",
        gate=hearing.leaf(GATE, gate.gate) if gate else None,
        each=gate is not None and gate.each,
        confirm=gate.settle if gate else None,
        date=hearing.date(),
        minus=moving.minus if moving else None,
        lead=moving.lead if moving and isinstance(moving.lead, Dur) else None,
        every=due if isinstance(due, Every) else None,
        until=hearing.leaf(UNTIL, policy.until) if policy.until else None,
        member=tuple(sorted(hearing.member)),
        counted=due.coverage if isinstance(due, Coverage) else "",
        unreached=hearing.leaf(UNREACHED, policy.unreached) if policy.unreached else None,
        cancel=tuple(hearing.leaf(CANCEL, match) for match in policy.cancel),
        pause=tuple(Waiting(hearing.leaf(START, p.start), hearing.leaf(STOP, p.stop)) for p in policy.pause),
        warnings=_warnings(policy, file),
        warned=policy.warn is not None,
        owes=tuple(
            Owing(o.role, tested.index(o) if o.where else -1, hearing.facts(o.where)) for o in policy.owes
        ),
        owed=words(owing(first.role, policy.also)) if first is not None and not first.where else "",
        also=tuple(policy.also),
        moved=hearing.leaf(MOVED, policy.person.moved) if policy.person and policy.person.moved else None,
        triggers=slots(on),
        opens_alone=alone(on),
        ends_alone=alone(by),
        listeners=tuple(hearing.listeners.values()),
        discharges=tuple(
            sorted({one.type for one in hearing.listeners.values() if one.slot[0] == DISCHARGE})
        ),
        blank=blank(key, policy.row or "", policy.kind),
    )
