"""Strict reading of one event as it came: the envelope, the type, the content, the times.

What is refused is refused with the field and the reason, all of them at once; nothing is guessed or repaired.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from pydantic import ValidationError

from schemas.canonical import Json, flaws
from schemas.catalogue import CATALOGUE
from schemas.envelope import WIRE, CloudEvent
from schemas.instants import AHEAD, Instant, parse_instant
from schemas.kinds import EventType
from schemas.model import Content
from schemas.personal import at_path, past_paths, personal_paths
from schemas.refusals import Refusal, field_path, nearest, refusal, translated


class Refused(ValueError):
    """The event was not taken; ``refusals`` says why, at least one."""

    def __init__(self, refusals: list[Refusal]) -> None:
        super().__init__("; ".join(f"{r.field}: {r.reason}" if r.field else r.reason for r in refusals))
        self.refusals = refusals


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrived:
    """An event that was read. Absent attributes are ""."""

    kind: EventType
    attributes: CloudEvent
    content: Content
    time: Instant
    zone: str
    """Offset as sent: "+08:00"."""
    envelope: Mapping[str, str]
    """Routing fields by their domain names, those that were given."""
    data: Mapping[str, Any]
    """The content as plain JSON, without nulls and without ``customer``."""
    personal: tuple[str, ...]
    """Paths in ``data`` that must be sealed."""
    customer: Mapping[str, str]


def parse(
    raw: Json, now: Instant, *, admin: bool = False, system: bool = False, approver: bool = False
) -> Arrived:
    """Read one value that ``read_json`` gave. ``now`` (µs UTC) judges times of the past; ``admin`` allows
    publications and the like, ``system`` what Touchline itself states besides, ``approver`` decisions on
    penalties. Raises Refused and nothing else."""
    if not isinstance(raw, dict):
        raise Refused([next(iter(_flaws(raw)), refusal("not_an_object"))])
    if found := _flaws(raw):
        raise Refused(found)
    attributes, found = _attributes(raw)
    kind, wrong = _kind(raw.get("type"), raw.get("schemaversion"), admin or system, system, approver)
    found += wrong
    if kind is None or attributes is None:
        raise Refused(found)
    found += _relations(attributes, kind)
    try:
        content = kind.model.model_validate(attributes.data or {})
    except ValidationError as error:
        raise Refused(found + translated(error, "data", kind.model.model_fields)) from None
    data = content.model_dump(exclude_none=True, exclude_unset=True)
    customer = {k: v for k, v in data.pop("customer", {}).items() if v}
    if customer and attributes.customerref:
        found.append(refusal("two_customers", "customerref"))
    time, late = _times(attributes.time, kind, data, now)
    found += late + _deeper(kind, data)
    if found:
        raise Refused(found)
    return Arrived(
        kind=kind,
        attributes=attributes,
        content=content,
        time=time,
        zone="+00:00" if attributes.time[-1] == "Z" else attributes.time[-6:],
        envelope={name: value for wire, name in WIRE.items() if (value := getattr(attributes, wire))},
        data=data,
        personal=personal_paths(kind.model, data),
        customer=customer,
    )


def _flaws(raw: Json) -> list[Refusal]:
    kinds = (
        ("twice", "flaw_doubled"),
        ("U+0000", "flaw_null"),
        ("surrogate", "flaw_surrogate"),
        ("deeper", "flaw_deep"),
        ("64 bits", "flaw_big"),
    )
    found: list[Refusal] = []
    for flaw in flaws(raw):
        kind = next((kind for word, kind in kinds if word in flaw.reason), "flaw_constant")
        found.append(refusal(kind, _shown(flaw.field)))
        if len(found) == 20:
            break
    return found


def _shown(path: str) -> str:
    """A path that ``flaws`` gave, with names that a sender made up left out."""
    steps: list[str | int] = []
    for part in path.split("."):
        name, *indexes = part.split("[")
        steps.append(name)
        steps += [int(i[:-1]) if i[:-1].isdecimal() and len(i) < 9 else "?" for i in indexes]
    return field_path(steps)


def _attributes(raw: dict[str, Json]) -> tuple[CloudEvent | None, list[Refusal]]:
    try:
        return CloudEvent.model_validate(raw), []
    except ValidationError as error:
        return None, translated(error, known=CloudEvent.model_fields)


def _kind(
    name: Json, version: Json, admin: bool, system: bool, approver: bool
) -> tuple[EventType | None, list[Refusal]]:
    if not isinstance(name, str):
        return None, []  # the envelope's complaint says it
    kind = CATALOGUE.get(name)
    if kind is None:
        return None, [_unknown(name)]
    if kind.writer == "engine":
        return None, [refusal("engine_only", "type")]
    if kind.writer == "system" and not system:
        return None, [refusal("system_only", "type")]
    if kind.writer == "approver" and not approver:
        return None, [refusal("approver_only", "type")]
    if kind.writer == "admin" and not admin:
        return None, [refusal("admin_only", "type")]
    if isinstance(version, (int, str)) and str(version) != str(kind.version):
        return None, [refusal("unknown_version", "schemaversion", version=kind.version)]
    return kind, []


def _unknown(name: str) -> Refusal:
    """Only types that share a word with it are looked at: there are hundreds."""
    first, _, last = name[:80].rpartition(".")
    near = nearest(
        name[:80], [one for one in CATALOGUE if one.startswith(f"{first}.") or one.endswith(f".{last}")]
    )
    return refusal("unknown_type_near", "type", near=near) if near else refusal("unknown_type", "type")


def _relations(attributes: CloudEvent, kind: EventType) -> list[Refusal]:
    """What the attributes say of another event."""
    ours, theirs = attributes.correctsid, attributes.correctssourceid
    if ours and theirs:
        return [refusal("two_corrections", "correctsid")]
    names = bool(ours or theirs)
    if kind.name == "event.withdrawn":
        return [] if names else [refusal("withdraws_nothing", "correctsid")]
    if names and not kind.touchpoint:
        return [refusal("not_correcting", "correctsid" if ours else "correctssourceid")]
    return []


def _times(text: str, kind: EventType, data: dict[str, Any], now: Instant) -> tuple[Instant, list[Refusal]]:
    try:
        time = parse_instant(text)
    except ValueError:
        return 0, [refusal("bad_time", "time")]
    found = [refusal("time_ahead", "time")] if time > now + AHEAD else []
    for path in past_paths(kind.model, data):
        if parse_instant(at_path(data, path)) > now + AHEAD:
            found.append(refusal("time_ahead", f"data.{path}"))
    return time, found


def _deeper(kind: EventType, data: dict[str, Any]) -> list[Refusal]:
    """Publications carry a document that a model of its own reads. Nothing in it is personal, so its complaints are
    told in full."""
    check = _DOCUMENTS.get(kind.name)
    return [] if check is None else check(data)


def _policy(data: dict[str, Any]) -> list[Refusal]:
    from schemas.policy import PolicyFile

    try:
        file = PolicyFile.model_validate(data["policy"])
    except ValidationError as error:
        return _told(error, "policy", data["policy"], "data.policy")
    outside = (data["profile"], data["version"], parse_instant(data["effective_from"]))
    inside = (file.profile, file.version, file.effective_from)
    return [
        Refusal("policy", f"data.{name}", "differs from the policy's own", "与政策内容不一致")
        for name, said, meant in zip(("profile", "version", "effective_from"), outside, inside, strict=True)
        if said != meant
    ]


def _calendar(data: dict[str, Any]) -> list[Refusal]:
    from schemas.calendar import PublishedCalendar

    said = {name: value for name, value in data.items() if name != "by"}
    try:
        PublishedCalendar.model_validate(said)
    except ValidationError as error:
        return _told(error, "calendar", said, "data")
    return []


def _told(error: ValidationError, code: str, document: Json, prefix: str) -> list[Refusal]:
    from schemas.policy_findings import texts_of

    return [
        Refusal(code, field_path(path, prefix), text.en, text.zh) for path, text in texts_of(error, document)
    ]


_DOCUMENTS: Final[Mapping[str, Callable[[dict[str, Any]], list[Refusal]]]] = {
    "policy.published": _policy,
    "calendar.published": _calendar,
}
