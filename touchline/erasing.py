"""Requests about a person's data (个人信息请求), as commands ask for them: erase, and write down that somebody looked."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

from ledger.candidate import Appended, Outcome
from ledger.tenants import Tenant
from producers.dossier import unnamed
from producers.erasure import SOURCE, Erasures, NotScrubbed
from schemas.canonical import Json
from schemas.instants import format_instant
from touchline.exits import Exit, Refused
from touchline.options import say

if TYPE_CHECKING:
    from touchline.house import House

ACCESSED = "privacy.access_recorded"


def settle_at_the_start(erasures: Erasures) -> None:
    """Finish what a crash cut, apply again what a backup brought back, and say so."""
    try:
        done = erasures.settle(all_of_it=True)
    except (
        NotScrubbed
    ):  # somebody reads the key store; whoever serves tries again, and nothing is said to be done
        return
    if done.again:
        say(
            f"keys.db 比台账旧：已重新销毁 {done.again} 人的密钥。",
            f"keys.db is older than the record: the keys of {done.again} erased persons were destroyed again.",
        )
    if done.stated_again:
        say(
            f"台账比 keys.db 旧：已补记 {done.stated_again} 条删除执行。",
            f"The record is older than keys.db: {done.stated_again} erasures were stated in it again.",
        )


def erase(house: House, tenant: Tenant, person: str, basis: str, by: str) -> Json:
    """Erase a person, and the texts without a person in cases that are theirs alone. What was erased before stays so."""
    ledger = house.ledger
    if (at := ledger.erased(tenant).get(person)) is not None:
        return {"person": person, "erased": format_instant(at), "before": True, "unnamed": 0}
    if not ledger.keys.knows(tenant.name, person):
        raise unknown(person)
    also = unnamed(ledger, tenant, person)
    for one in (*also, person):  # the person last: a crash before leaves a request that can be made again
        _kept(house.erasures.request(tenant, SOURCE, one, basis, by, f"erase/{secrets.token_hex(16)}"))
    try:
        house.erasures.settle()
    except NotScrubbed:
        raise Refused(
            Exit.UNAVAILABLE,
            "请求已记录、密钥已销毁，但密钥库文件正被读取，尚未清净；稍后会自动完成。",
            "The request is kept and the keys are destroyed, but a reader is in the way of cleaning their file; "
            "it is tried again at the next start or while serving.",
        ) from None
    return {
        "person": person,
        "erased": format_instant(ledger.erased(tenant)[person]),
        "before": False,
        "unnamed": len(also),
    }


def accessed(house: House, tenant: Tenant, person: str, purpose: str, by: str) -> Json:
    """Write down that somebody looks at a person's data; before they do."""
    ledger = house.ledger
    if (at := ledger.erased(tenant).get(person)) is not None:
        return {"person": person, "erased": format_instant(at)}
    raw: Json = {
        "specversion": "1.0",
        "id": f"access/{secrets.token_hex(16)}",
        "source": SOURCE,
        "type": ACCESSED,
        "time": format_instant(house.clock.now()),
        "data": {"subject_ref": person, "by": by, "purpose": purpose},
    }
    _kept(house.intake.submit_one(tenant, SOURCE, raw, admin=True).result(60))
    return {"person": person, "erased": None}


def unknown(person: str) -> Refused:
    return Refused(Exit.UNKNOWN, "没有这个个人引用。", f"No person {person} is known here.")


def _kept(outcome: Outcome) -> Appended:
    if isinstance(outcome, Appended):
        return outcome
    if outcome.code == "customer_unknown":
        raise Refused(Exit.UNKNOWN, f"{outcome.reason_zh}。", f"{outcome.reason}.")
    raise Refused(
        Exit.USAGE, f"{outcome.field}：{outcome.reason_zh}。", f"{outcome.field}: {outcome.reason}."
    )
