"""Appending facts of one tenant, inside one job of the writer: judged against what is kept, sealed, placed, chained."""

from __future__ import annotations

import hmac
from collections.abc import Iterator
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, bindparam, insert, update

from ledger import feeds
from ledger.body import at_path, has_sealed_shape, replaced, sealed_json, steps
from ledger.candidate import Appended, Candidate, Draft, Outcome, Problem
from ledger.chain import FACTS, Chain
from ledger.clock import Clock
from ledger.errors import KeyMissing
from ledger.expected import unmet
from ledger.hot import Hot
from ledger.keys import KeyStore, own_person
from ledger.persons import Persons, normal_number, normal_phone
from ledger.seal import Erased, mac, seal
from ledger.tables import corrections, counters, fact_ids, facts
from ledger.tenants import Tenant
from schemas.canonical import canonical_bytes
from schemas.identity import case_id_of_event, case_id_of_ticket, event_id
from schemas.instants import Instant

NOT_CORRECTABLE = (
    "policy.", "calendar.", "roles.", "privacy.", "event.", "obligation.", "alert.", "source.",
)  # fmt: skip
"""Publications, withdrawals and what people decide about promises stand: a later one takes their place."""
CUSTOMER = ("number", "name", "phone", "address")

_fact = Hot(
    insert(facts).values(
        tenant=bindparam("tenant"),
        place=bindparam("place"),
        recorded=bindparam("recorded"),
        body=bindparam("body"),
        hash=bindparam("hash"),
    )
)
_fact_id = Hot(
    insert(fact_ids).values(
        tenant=bindparam("tenant"), event_id=bindparam("event_id"), place=bindparam("place")
    )
)
_correction = Hot(
    insert(corrections).values(
        tenant=bindparam("tenant"),
        target=bindparam("target"),
        place=bindparam("place"),
        event_id=bindparam("event_id"),
    )
)
_counter = Hot(
    update(counters)
    .where(counters.c.tenant == bindparam("number"))
    .values(place=bindparam("new_place"), recorded=bindparam("new_recorded"), hash=bindparam("new_hash"))
)


class _Refused(Exception):
    def __init__(self, problem: Problem) -> None:
        self.problem = problem


def _refuse(status: int, code: str, field: str, reason: str, reason_zh: str, **extra: str) -> _Refused:
    return _Refused(
        Problem(status=status, code=code, field=field, reason=reason, reason_zh=reason_zh, extra=extra)
    )


class Appending:
    """``one`` for each candidate in order, then ``finish``."""

    def __init__(self, connection: Connection, keys: KeyStore, clock: Clock, tenant: Tenant) -> None:
        self._connection = connection
        self._keys = keys
        self._persons = Persons(keys)
        self._clock = clock
        self._tenant = tenant
        self._chain = Chain(FACTS, tenant.number, tenant.name.encode())
        self._head, self._floor = feeds.locked_head(connection, tenant)
        self._began = self._head

    def one(self, candidate: Candidate) -> Outcome:
        """Keep one event, or say why not. A duplicate is answered before any other check."""
        event = event_id(self._tenant.name, candidate.source, candidate.source_id)
        try:
            known = feeds.place_of(self._connection, self._tenant, event)
            if known is not None:
                return self._again(candidate, known)
            if candidate.problem is not None:
                return candidate.problem
            if candidate.draft is None:
                raise ValueError("a candidate has a draft or a problem")
            return self._keep(candidate, candidate.draft, event)
        except _Refused as refused:
            return refused.problem

    def finish(self) -> None:
        """Move the counter to the last place."""
        if self._head is not self._began:
            _counter(
                self._connection,
                number=self._tenant.number,
                new_place=self._head.place,
                new_recorded=self._head.recorded,
                new_hash=self._head.hash,
            )

    def _again(self, candidate: Candidate, place: int) -> Appended:
        body = feeds.stored_fact(self._connection, self._tenant, place)
        of = body.get("mac_of", {})
        try:
            key = self._keys.comparing(self._tenant.name, of.get("person", ""), of.get("class", ""))
        except KeyMissing:
            raise _refuse(
                503, "key_missing", "", "the key to compare it with what is kept is missing from the key store",
                "密钥库缺少比对所需的密钥",
            ) from None  # fmt: skip
        if not isinstance(key, Erased) and not hmac.compare_digest(mac(key, candidate.content), body["mac"]):
            raise _refuse(
                409, "duplicate_conflict", "id", "this id was sent before with other content; nothing was changed",
                "此编号曾以不同内容上报，未作任何更改", event_id=body["event_id"],
            )  # fmt: skip
        return Appended(
            event_id=body["event_id"], case_id=body.get("case_id", ""), place=place, duplicate=True
        )

    def _keep(self, candidate: Candidate, draft: Draft, event: str) -> Appended:
        tenant = self._tenant.name
        target = self._target(candidate.source, draft)
        case = self._case(candidate.source, draft, event, target)
        if candidate.expected is not None and (
            problem := unmet(self._connection, self._tenant, case, candidate.expected, self._head.place)
        ):
            raise _Refused(problem)
        if has_sealed_shape(draft.data):
            raise _refuse(
                422, "reserved_shape", "data", "an object of sealed, person and class is reserved",
                "sealed、person、class 组成的对象为系统保留",
            )  # fmt: skip
        customer = {name: value for name in CUSTOMER if (value := draft.customer.get(name, ""))}
        if draft.subject and not self._was_ever(draft.subject):
            raise _refuse(
                422, "customer_unknown", "data.subject_ref", "names no person known here", "没有这个个人引用"
            )  # fmt: skip
        recorded = max(self._head.recorded, self._floor, self._clock.now())
        person, ref = self._person(candidate.source, draft, customer, event, recorded)
        secrets = dict(self._personal(draft, customer))
        key, mac_key = (
            self._keys.sealing(tenant, person, draft.retention)
            if person
            else (b"", self._keys.comparing(tenant, "", ""))
        )
        assert isinstance(mac_key, bytes)

        data: Any = {**draft.data, "customer": customer} if customer else dict(draft.data)
        for path, text in secrets.items():
            blob = seal(key, text, tenant, event, path, person, draft.retention)
            put = sealed_json(blob, person, draft.retention)
            data = replaced(data, steps(path), put)

        place = self._head.place + 1
        body: dict[str, Any] = {
            **{name: value for name, value in draft.envelope.items() if value},
            "id": candidate.source_id,
            "source": candidate.source,
            "mac": mac(mac_key, candidate.content),
            "event_id": event,
            "type": draft.type,
            "v": draft.version,
            "time": draft.time,
            "zone": draft.zone,
            "data": data,
        }
        if person:
            body["mac_of"] = {"person": person, "class": draft.retention}
        for name, value in (("case_id", case), ("ticket", draft.ticket), ("customer_ref", ref)):
            if value:
                body[name] = value
        if target is not None:
            body["corrects"] = target["event_id"]
            body["root"] = target.get("root", target["event_id"])
        self._insert(event, place, recorded, canonical_bytes(body), target)
        return Appended(event_id=event, case_id=case, place=place)

    def _insert(
        self, event: str, place: int, recorded: Instant, body: bytes, target: dict[str, Any] | None
    ) -> None:
        number, key = self._tenant.number, UUID(event).bytes
        hashed = self._chain.link(self._head.hash, place, recorded, body)
        _fact(self._connection, tenant=number, place=place, recorded=recorded, body=body, hash=hashed)
        _fact_id(self._connection, tenant=number, event_id=key, place=place)
        if target is not None:
            old = UUID(target["event_id"]).bytes
            _correction(self._connection, tenant=number, target=old, place=place, event_id=key)
        self._head = feeds.Head(place, recorded, hashed)

    def _target(self, source: str, draft: Draft) -> dict[str, Any] | None:
        """The body of the event that this one corrects or withdraws."""
        if draft.corrects:
            named, field = draft.corrects, "correctsid"
        elif draft.corrects_source_id:
            named = event_id(self._tenant.name, source, draft.corrects_source_id)
            field = "correctssourceid"
        else:
            return None
        place = feeds.place_of(self._connection, self._tenant, named)
        if place is None:
            raise _refuse(
                422, "correction_unknown", field, "names no event that is kept here", "所更正的事件不存在"
            )
        body = feeds.stored_fact(self._connection, self._tenant, place)
        if body["type"].startswith(NOT_CORRECTABLE):
            raise _refuse(
                422, "not_correctable", field, f"{body['type']} is not corrected; send a new one",
                "此类事件不可更正，请重新发布",
            )  # fmt: skip
        latest = feeds.latest(self._connection, self._tenant, body["event_id"])
        if latest != body["event_id"]:
            raise _refuse(
                409, "already_corrected", field, "was corrected or withdrawn already; name the latest instead",
                "该事件已被更正或撤回，请指明最新的一条", latest=latest,
            )  # fmt: skip
        return body

    def _case(self, source: str, draft: Draft, event: str, target: dict[str, Any] | None) -> str:
        """The case (事项): as given, by ticket, that of the corrected event, or opened by the event itself."""
        if draft.case_id:
            return draft.case_id
        if draft.ticket:
            return case_id_of_ticket(self._tenant.name, source, draft.ticket)
        if target is not None and target.get("case_id"):
            return str(target["case_id"])
        if draft.case == "needs":
            raise _refuse(
                422, "case_needed", "caseid", f"{draft.type} needs caseid or ticket", "此类事件须提供 caseid 或 ticket"
            )  # fmt: skip
        return case_id_of_event(event) if draft.case == "opens" else ""

    def _person(
        self, source: str, draft: Draft, customer: dict[str, str], event: str, now: Instant
    ) -> tuple[str, str]:
        """(person under whose key it is sealed, customer's reference); "" for none."""
        tenant = self._tenant.name
        number = normal_number(customer.get("number", ""))
        phone = normal_phone(customer.get("phone", ""))
        if draft.customer_ref:
            if not self._keys.is_person(tenant, draft.customer_ref):
                if self._keys.is_erased(tenant, draft.customer_ref):
                    raise _refuse(
                        422, "customer_erased", "customerref",
                        "this customer's personal data was erased; whoever comes again is sent with number or phone",
                        "该客户的个人信息已删除；如再次来访，请提供客户编号或电话",
                    )  # fmt: skip
                raise _refuse(
                    422, "customer_unknown", "customerref", "names no customer known here", "客户引用不存在"
                )  # fmt: skip
            self._persons.learn(tenant, draft.customer_ref, source, number, phone, event, now)
            return draft.customer_ref, draft.customer_ref
        if number or phone:
            ref = self._persons.resolve(tenant, source, number, phone, event, now)
            return ref, ref
        if customer or any(True for _ in self._personal(draft, customer)):
            person = own_person(event)
            self._keys.add_person(tenant, person)
            return person, ""
        return "", ""

    def _was_ever(self, person: str) -> bool:
        return self._keys.is_person(self._tenant.name, person) or self._keys.is_erased(
            self._tenant.name, person
        )

    @staticmethod
    def _personal(draft: Draft, customer: dict[str, str]) -> Iterator[tuple[str, str]]:
        """(path in data, clear text) of everything to seal."""
        for name, text in customer.items():
            yield f"customer.{name}", text
        for path in draft.personal:
            value = at_path(draft.data, path)
            if isinstance(value, str):
                if value:
                    yield path, value
            elif value is not None:
                raise TypeError(f"{path} of {draft.type} is personal but no text")
