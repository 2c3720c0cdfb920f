"""Letters, as commands ask for them: the raw webhook set up, records of Kafka taken in, what is dead opened or discarded."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from ledger.tenants import Tenant
from producers.inbox import doors
from producers.inbox.known import Inbox
from producers.inbox.letter import UNREADABLE
from schemas.canonical import Json
from touchline.exits import Exit, Refused

if TYPE_CHECKING:
    from touchline.house import House


def put(
    house: House,
    tenant: Tenant,
    source: str,
    mapping: str,
    file: str,
    aliases: str,
    verify: str,
    place: str,
    secret: str,
) -> Json:
    """Add an inbox or change it. ``aliases``, ``verify`` and ``place`` "" stay as they are; ``secret`` "" too, or one is
    made where there is none, and told this once. Raises Refused."""
    known = house.inbox.find(source)
    if known is not None and known.tenant != tenant:
        raise Refused(
            Exit.USAGE,
            f"来源 {source} 属于另一租户。",
            f"The source {source} belongs to another tenant; take another name.",
        )
    if known is None and not verify:
        kinds = "|".join(doors.KINDS)
        raise Refused(
            Exit.USAGE, f"请用 --verify 指明验证方式：{kinds}。", f"Say how it is verified: --verify {kinds}."
        )
    kind = verify or (known.verify if known else "")
    same = known is not None and known.verify == kind
    held = house.inbox.secret(source) if same else None
    fresh = secret or ("" if held else doors.fresh_secret(kind) if kind in doors.KINDS else "")
    try:
        place = doors.checked(kind, place or (known.place if known and same else ""), fresh or held or "")
    except doors.BadDoor as error:
        raise Refused(Exit.USAGE, f"{error.zh}。", f"{error.en}.") from None
    _readable(mapping, file, aliases)
    inbox = Inbox(
        source=source,
        tenant=tenant,
        mapping=mapping,
        file=file,
        aliases=aliases or (known.aliases if known else ""),
        verify=kind,
        place=place,
        changed=house.clock.now(),
    )
    house.inbox.put(inbox, fresh or None)
    told: dict[str, Any] = {"source": source, "tenant": tenant.name, "verify": kind, "place": place}
    return {**told, "path": f"/in/{source}", "secret": fresh if fresh and not secret else None}


def _readable(mapping: str, file: str, aliases: str) -> None:
    from producers.mapping.aliases import aliases_of
    from producers.mapping.problems import MappingFault
    from producers.mapping.reading import mapping_of
    from schemas.policy_yaml import BadYaml, read_yaml

    try:
        mapping_of(mapping, file)
        if aliases:
            aliases_of(read_yaml(aliases, "aliases"))
    except (MappingFault, BadYaml) as error:
        raise Refused(Exit.NOT_SO, f"映射 {file} 有误：", str(error)) from None


def taken(house: House, tenant: Tenant, source: str, deliveries: list[Json]) -> Json:
    """Records that a subscriber brings (``producers.records.Delivery.plain``), in order; what became of them."""
    from producers.inbox.taking import take
    from producers.records import Delivery

    given = [Delivery.from_plain(one) for one in deliveries]
    return asdict(take(house.intake, house.inbox.letters, tenant, source, given, house.settings.body_limit))


def replayed(house: House, tenant: Tenant, source: str, letter: str, by: str) -> Json:
    """Dead letters mapped again, each as it then is; ``source`` and ``letter`` "" for all. ``by`` may be "". Raises Refused."""
    if by:
        _somebody(by)
    return house.inbox.replay(tenant, by=by, source=source, letter=letter)


def opened(house: House, tenant: Tenant, letter: str, by: str) -> Json:
    """What a letter holds, in clear; that somebody looks is written down first. Raises Refused."""
    _somebody(by)
    if not house.inbox.letters.looked_at(tenant, letter, by).result(60):
        raise unknown(letter)
    try:
        content = house.inbox.letters.content(tenant, letter)
    except UNREADABLE:
        raise Refused(
            Exit.UNKNOWN, "内容已不在（已成为触点、已丢弃或缺少密钥）。", "Its content is not there any more."
        ) from None
    body = content.body.decode("utf-8", "backslashreplace")
    return {"media": content.media, "query": [list(pair) for pair in content.query], "body": body}


def discard(house: House, tenant: Tenant, letter: str, cause: str, by: str) -> Json:
    """Raises Refused where it is not dead, or the cause is no code."""
    from pydantic import TypeAdapter, ValidationError

    from schemas.fields import Code

    try:
        TypeAdapter(Code).validate_python(cause)
    except ValidationError:
        raise Refused(
            Exit.USAGE, "--reason 须为代码（如 test_data）。", "--reason is a code such as test_data."
        ) from None
    _somebody(by)
    if not house.inbox.discard(tenant, letter, cause, by):
        raise unknown(letter)
    return house.inbox.lists.one(tenant, letter)


def _somebody(by: str) -> None:
    """Who does it stands in clear beside the letter. Raises Refused for what is no code of a person."""
    from schemas.fields import is_ref

    if not is_ref(by):
        raise Refused(
            Exit.USAGE,
            "--by 须为人员代码（如 it-007），不得是手机号或证件号。",
            "--by is the code of a person such as it-007, nobody's telephone or identity card number.",
        )


def unknown(letter: str) -> Refused:
    return Refused(Exit.UNKNOWN, f"没有死信 {letter}。", f"There is no dead letter {letter}.")
