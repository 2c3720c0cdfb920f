"""Appending facts of one tenant, inside one job of the writer: judged against what is kept, sealed, placed, chained."""

from __future__ import annotations

import hmac
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, bindparam, update

from ledger import feeds
from ledger.body import at_path, has_sealed_shape, replaced, sealed_json, steps
from ledger.candidate import Appended, Candidate, Draft, Outcome, Problem
from ledger.chain import FACTS, Chain
from ledger.clock import Clock
from ledger.dialects import insert_one
from ledger.errors import KeyMissing
from ledger.expected import unmet
from ledger.hot import Hot, Row
from ledger.keys import KeyStore, own_person
from ledger.persons import NOBODY, Claims, Persons
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

FACT = ("tenant", "place", "recorded", "body", "hash")
FACT_ID = ("tenant", "event_id", "place")
CORRECTION = ("tenant", "target", "place", "event_id")
_fact = Hot(insert_one(facts, FACT))
_fact_id = Hot(insert_one(fact_ids, FACT_ID))
_correction = Hot(insert_one(corrections, CORRECTION))
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
    """``all`` candidates in order, as often as needed, then ``finish``. What the events of a batch ask the stores is asked at
    once beforehand, what they write is written at once at the end, or sooner where one of them reads it."""

    def __init__(self, connection: Connection, keys: KeyStore, clock: Clock, tenant: Tenant) -> None:
        self._connection = connection
        self._keys = keys
        self._persons = Persons(keys)
        self._clock = clock
        self._tenant = tenant
        self._chain = Chain(FACTS, tenant.number, tenant.name.encode())
        self._head, self._floor = feeds.locked_head(connection, tenant)
        self._began = self._head
        self._facts: list[Row] = []
        self._fact_ids: list[Row] = []
        self._corrections: list[Row] = []

    def one(self, candidate: Candidate) -> Outcome:
        """``all`` of one."""
        return self.all([candidate])[0]

    def all(self, candidates: Sequence[Candidate]) -> list[Outcome]:
        """Keep each event, or say why not. A duplicate is answered before any other check."""
        tenant = self._tenant.name
        events = [event_id(tenant, candidate.source, candidate.source_id) for candidate in candidates]
        keys = [bytes.fromhex(event.replace("-", "")) for event in events]
        known = feeds.places_of(self._connection, self._tenant, keys)
        claims = self._ahead(candidates, events, keys, known)
        outcomes: list[Outcome] = []
        for candidate, event, key, claim in zip(candidates, events, keys, claims, strict=True):
            try:
                if (place := known.get(key)) is not None:
                    outcomes.append(self._again(candidate, place))
                elif candidate.problem is not None:
                    outcomes.append(candidate.problem)
                elif candidate.draft is None:
                    raise ValueError("a candidate has a draft or a problem")
                else:
                    kept = self._keep(candidate, candidate.draft, event, key, claim)
                    known[key] = kept.place
                    outcomes.append(kept)
            except _Refused as refused:
                outcomes.append(refused.problem)
        return outcomes

    def finish(self) -> None:
        """Write out what waits, and move the counter to the last place."""
        self._write()
        self._keys.write()
        if self._head is not self._began:
            _counter(
                self._connection,
                number=self._tenant.number,
                new_place=self._head.place,
                new_recorded=self._head.recorded,
                new_hash=self._head.hash,
            )

    def _write(self) -> None:
        facts, ids, corrected = self._facts, self._fact_ids, self._corrections
        self._facts, self._fact_ids, self._corrections = [], [], []
        _fact.many(self._connection, FACT, facts)
        _fact_id.many(self._connection, FACT_ID, sorted(ids))  # neighbours share a page
        _correction.many(self._connection, CORRECTION, corrected)

    def _ahead(
        self, candidates: Sequence[Candidate], events: list[str], keys: list[bytes], known: dict[bytes, int]
    ) -> list[Claims]:
        """What each names its customer by; and have the key store read all that the new ones will ask it."""
        tenant = self._tenant.name
        claims: list[Claims] = []
        macs: list[bytes] = []
        people: list[str] = []
        for candidate, event, key in zip(candidates, events, keys, strict=True):
            draft, claim = candidate.draft, NOBODY
            if draft is not None and key not in known:
                customer = draft.customer
                if customer:
                    claim = self._persons.claims(
                        tenant, candidate.source, customer.get("number", ""), customer.get("phone", "")
                    )
                    macs += claim
                if draft.customer_ref:
                    people.append(draft.customer_ref)
                elif not (claim.number or claim.phone) and (customer or draft.personal):
                    people.append(own_person(event))
            claims.append(claim)
        self._keys.ahead(tenant, macs, people)
        return claims

    def _again(self, candidate: Candidate, place: int) -> Appended:
        self._write()  # it may be of this very batch
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

    def _keep(self, candidate: Candidate, draft: Draft, event: str, key: bytes, claims: Claims) -> Appended:
        tenant, source = self._tenant.name, candidate.source
        target = self._target(source, draft)
        case = self._case(source, draft, event, target)
        if candidate.expected is not None:
            self._write()
            if problem := unmet(self._connection, self._tenant, case, candidate.expected, self._head.place):
                raise _Refused(problem)
        if has_sealed_shape(draft.data):
            raise _refuse(
                422, "reserved_shape", "data", "an object of sealed, person and class is reserved",
                "sealed、person、class 组成的对象为系统保留",
            )  # fmt: skip
        if draft.subject and not self._was_ever(draft.subject):
            raise _refuse(
                422, "customer_unknown", "data.subject_ref", "names no person known here", "没有这个个人引用"
            )  # fmt: skip
        secrets = self._personal(draft)
        recorded = max(self._head.recorded, self._floor, self._clock.now())
        person, ref = self._person(source, draft, bool(secrets), event, claims, recorded)
        retention = draft.retention
        body: dict[str, Any] = {name: value for name, value in draft.envelope.items() if value}
        data: Any = {**draft.data}
        if person:
            sealing_key, mac_key = self._keys.sealing(tenant, person, retention)
            for path, text in secrets:
                blob = seal(sealing_key, text, tenant, event, path, person, retention)
                put = sealed_json(blob, person, retention)
                if path.startswith("customer."):
                    data.setdefault("customer", {})[path[9:]] = put
                else:
                    data = replaced(data, steps(path), put)
            body["mac_of"] = {"person": person, "class": retention}
        else:
            mac_key = self._keys.ledger_mac
        body["id"] = candidate.source_id
        body["source"] = source
        body["mac"] = mac(mac_key, candidate.content)
        body["event_id"] = event
        body["type"] = draft.type
        body["v"] = draft.version
        body["time"] = draft.time
        body["zone"] = draft.zone
        body["data"] = data
        if case:
            body["case_id"] = case
        if draft.ticket:
            body["ticket"] = draft.ticket
        if ref:
            body["customer_ref"] = ref
        if target is not None:
            body["corrects"] = target["event_id"]
            body["root"] = target.get("root", target["event_id"])
        return Appended(event_id=event, case_id=case, place=self._place(key, recorded, body, target))

    def _place(
        self, key: bytes, recorded: Instant, body: dict[str, Any], target: dict[str, Any] | None
    ) -> int:
        number, place, text = self._tenant.number, self._head.place + 1, canonical_bytes(body)
        hashed = self._chain.link(self._head.hash, place, recorded, text)
        self._facts.append((number, place, recorded, text, hashed))
        self._fact_ids.append((number, key, place))
        if target is not None:
            self._corrections.append((number, UUID(target["event_id"]).bytes, place, key))
        self._head = feeds.Head(place, recorded, hashed)
        return place

    def _target(self, source: str, draft: Draft) -> dict[str, Any] | None:
        """The body of the event that this one corrects or withdraws."""
        if draft.corrects:
            named, field = draft.corrects, "correctsid"
        elif draft.corrects_source_id:
            named = event_id(self._tenant.name, source, draft.corrects_source_id)
            field = "correctssourceid"
        else:
            return None
        self._write()
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
        self, source: str, draft: Draft, secret: bool, event: str, claims: Claims, now: Instant
    ) -> tuple[str, str]:
        """(person under whose key it is sealed, customer's reference); "" for none."""
        tenant = self._tenant.name
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
            self._persons.learn(tenant, draft.customer_ref, source, claims, event, now)
            return draft.customer_ref, draft.customer_ref
        if claims.number or claims.phone:
            ref = self._persons.resolve(tenant, source, claims, event, now)
            return ref, ref
        if secret:
            person = own_person(event)
            self._keys.add_person(tenant, person)
            return person, ""
        return "", ""

    def _was_ever(self, person: str) -> bool:
        return self._keys.is_person(self._tenant.name, person) or self._keys.is_erased(
            self._tenant.name, person
        )

    @staticmethod
    def _personal(draft: Draft) -> list[tuple[str, str]]:
        """(path in data, clear text) of everything to seal."""
        found = [(f"customer.{name}", text) for name in CUSTOMER if (text := draft.customer.get(name, ""))]
        for path in draft.personal:
            value = at_path(draft.data, path)
            if isinstance(value, str):
                if value:
                    found.append((path, value))
            elif value is not None:
                raise TypeError(f"{path} of {draft.type} is personal but no text")
        return found
