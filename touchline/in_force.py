"""Which version of a tenant's policies is in force at an instant (S23), and a promise told in words by it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ledger.tenants import Tenant
from processors.rules.published import newest
from schemas.event import Event
from schemas.instants import Instant, format_instant, parse_instant
from schemas.policy import PolicyFile
from schemas.policy_words import Pair, explain
from touchline.exits import Exit, Refused
from touchline.library import Library
from touchline.place import Place
from touchline.policies import near


@dataclass(frozen=True, slots=True)
class Version:
    """One ``policy.published``."""

    place: int
    effective: Instant
    fact: Event

    @property
    def called(self) -> str:
        return f"{self.fact.data['profile']} {self.fact.data['version']}"

    @property
    def since(self) -> str:
        return format_instant(self.effective)

    def has(self, key: str) -> bool:
        return key in self.fact.data["policy"]["policies"]

    def dump(self) -> dict[str, Any]:
        data = self.fact.data
        return {
            "profile": data["profile"],
            "version": data["version"],
            "effective_from": self.since,
            "place": self.place,
            "published": format_instant(self.fact.recorded),
        }


@dataclass(frozen=True, slots=True)
class InForce:
    """``version`` binds what happens at ``at`` and is recorded at once. ``after``: the next to come into force of those that
    were published by then; ``later``: published since, and binding what happened at ``at`` and is recorded from then on."""

    tenant: Tenant
    at: Instant
    version: Version
    after: Version | None
    later: Version | None
    versions: list[Version]

    def told(self, key: str) -> list[tuple[Pair, Pair]]:
        """As ``schemas.policy_words.explain``, and how it was published. Raises Refused for a key that the version lacks."""
        version = self.version
        if not version.has(key):
            raise _without(key, version, [one for one in self.versions if one.has(key)])
        lines = explain(key, PolicyFile.model_validate(version.fact.data["policy"]))
        on = format_instant(version.fact.recorded)
        name = self.tenant.name
        published = (
            f"第 {version.place} 位，{on}，租户 {name}",
            f"at place {version.place}, {on}, to {name}",
        )
        lines.append((("发布", "published"), published))
        if version.effective > self.at:
            earlier = ("在它之前发生的也按它计算", "what happened before is judged by it too")
            lines.append((("更早", "earlier"), earlier))
        if (after := self.after) is not None:
            said = (f"{after.called}，自 {after.since} 起", f"{after.called}, in force from {after.since}")
            lines.append((("下一版", "next version"), said))
        if (later := self.later) is not None:
            on = format_instant(later.fact.recorded)
            zh = f"{later.called}（{on} 发布，自 {later.since} 起）：此后补录的触发按它计算"
            en = f"{later.called}, published {on}, in force from {later.since}: it binds triggers recorded since"
            lines.append((("补录", "entered later"), (zh, en)))
        return lines


def in_force(place: Place, tenant: str, at: Instant | None) -> InForce:
    """``at`` None: now. Raises Refused and the ledger's errors."""
    with Library(place) as library:
        whose = library.tenant(tenant)
        now = library.ledger.clock.now()
        facts = library.reading.published.policies(whose)
    when = now if at is None else at
    versions = [Version(one.place, parse_instant(str(one.data["effective_from"])), one) for one in facts]
    known = [one for one in versions if one.fact.recorded <= when] or versions[:1]
    found = newest(known, when, known[-1].place) if known else None
    if found is None:
        raise Refused(
            Exit.UNKNOWN, f"租户 {whose.name} 没有发布过政策。", f"No policy was published to {whose.name}."
        )
    comes = [one for one in known if one.effective > max(when, found.effective)]
    after = min(comes, key=lambda one: (one.effective, -one.place), default=None)
    last = newest(versions, when, versions[-1].place)
    return InForce(whose, when, found, after, last if last is not found else None, versions)


def _without(key: str, version: Version, others: list[Version]) -> Refused:
    zh, en = f"{version.called} 没有政策 {key}。", f"{version.called} has no policy {key}."
    if others:
        zh += f"有它的版本：{'、'.join(f'{one.called}（自 {one.since} 起）' for one in others)}。"
        en += f" These have it: {', '.join(f'{one.called} (from {one.since})' for one in others)}."
        return Refused(Exit.UNKNOWN, zh, en)
    meant = near(key, version.fact.data["policy"]["policies"])
    return Refused(Exit.UNKNOWN, zh + meant[0], en + meant[1])
