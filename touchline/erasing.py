"""Requests about a person's data (个人信息请求), as commands ask for them: erase, and write down that somebody looked."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from ledger.tenants import Tenant
from producers.erasure import SOURCE, Erasures, NotScrubbed
from producers.persons import NotTaken, UnknownPerson
from schemas.canonical import Json
from schemas.instants import format_instant
from touchline.exits import Exit, Refused
from touchline.options import say

if TYPE_CHECKING:
    from touchline.house import House


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
    """Erase a person, the texts without a person in cases that are theirs alone, and the dead letters (``letters``) that name
    nobody else. Those that name others too are left (``letters_left``). What was erased before stays so."""
    from producers.inbox.bars import waited_for
    from producers.inbox.naming import Naming

    with _refusing(person):
        if (at := house.persons.erased(tenant, person)) is not None:
            told = {
                "person": person,
                "erased": format_instant(at),
                "before": True,
                "unnamed": 0,
                "letters": [],
            }
            return {**told, "letters_left": waited_for(house.ledger, tenant)[0].get(person, [])}
        theirs = [one.letter for one in Naming(house.ledger).of(tenant, person) if one.goes]
        _, also = house.persons.erase(tenant, SOURCE, person, basis, by)
        house.erasures.settle()
    done = format_instant(house.ledger.erased(tenant)[person])
    told = {"person": person, "erased": done, "before": False, "unnamed": also, "letters": theirs}
    return {**told, "letters_left": waited_for(house.ledger, tenant)[0].get(person, [])}


def letters_gone(house: House) -> None:
    """After letters were replayed or discarded: erasures that waited for them are stated at once."""
    with suppress(NotScrubbed):  # it is tried again at the next start, or while serving
        house.erasures.settle()


def accessed(house: House, tenant: Tenant, person: str, purpose: str, by: str) -> Json:
    """Write down that somebody looks at a person's data, where there is any left."""
    with _refusing(person):
        if (at := house.persons.erased(tenant, person)) is not None:
            return {"person": person, "erased": format_instant(at)}
        house.persons.accessed(tenant, SOURCE, person, purpose, by)
    return {"person": person, "erased": None}


def all_accessed(
    house: House, tenant: Tenant, persons: Sequence[str], purpose: str, by: str, of: str
) -> Json:
    """The same for many at once, of a ledger; who was erased is passed over. How many were written down."""
    with _refusing("?"):
        return {"recorded": house.persons.all_accessed(tenant, SOURCE, persons, purpose, by, of)}


@contextmanager
def _refusing(person: str) -> Iterator[None]:
    try:
        yield
    except UnknownPerson:
        raise Refused(Exit.UNKNOWN, "没有这个个人引用。", f"No person {person} is known here.") from None
    except NotTaken as error:
        told = error.problem
        raise Refused(
            Exit.USAGE, f"{told.field}：{told.reason_zh}。", f"{told.field}: {told.reason}."
        ) from None
    except NotScrubbed:
        raise Refused(
            Exit.UNAVAILABLE,
            "请求已记录、密钥已销毁，但密钥库文件正被读取，尚未清净；稍后会自动完成。",
            "The request is kept and the keys are destroyed, but a reader is in the way of cleaning their file; "
            "it is tried again at the next start or while serving.",
        ) from None
