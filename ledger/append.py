"""Appending facts of one tenant, inside one job of the writer: judged against what is kept, sealed, placed, chained."""

from __future__ import annotations

import hmac
from collections.abc import Iterator, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Connection

from ledger import feeds, placing
from ledger.body import replaced, sealed_json, steps
from ledger.candidate import Appended, Candidate, Draft, Outcome, Problem
from ledger.chain import FACTS, Chain
from ledger.clock import Clock
from ledger.errors import KeyMissing
from ledger.expected import unmet
from ledger.hot import Row
from ledger.keys import KeyStore
from ledger.persons import Persons
from ledger.prepared import Prepared, Preparing
from ledger.seal import Erased, mac, nonces, seal_all
from ledger.tenants import Tenant
from ledger.unfit import RESERVED, case_needed, conflict
from schemas.canonical import canonical_bytes
from schemas.identity import event_id
from schemas.instants import Instant

NOT_CORRECTABLE = (
    "policy.", "calendar.", "roles.", "privacy.", "event.", "obligation.", "alert.", "source.",
)  # fmt: skip
"""Publications, withdrawals and what people decide about promises stand: a later one takes their place."""


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
        head, self._floor = feeds.locked_head(connection, tenant)
        self._began = self._last = head.place
        self._recorded, self._hash = head.recorded, head.hash
        self._now = Instant(0)
        self._nonces: Iterator[bytes] = iter(())
        self._facts: list[Row] = []
        self._fact_ids: list[Row] = []
        self._corrections: list[Row] = []

    def one(self, candidate: Candidate) -> Outcome:
        """``all`` of one."""
        return self.all([candidate])[0]

    def all(self, candidates: Sequence[Candidate]) -> list[Outcome]:
        """Keep each event, or say why not. A duplicate is answered before any other check."""
        offered = list(map(Preparing(self._tenant.name, self._persons).prepared, candidates))
        known = feeds.places_of(self._connection, self._tenant, [one.key for one in offered])
        self._ahead(offered, known)
        self._nonces = nonces(sum([len(one.secrets) for one in offered]))
        self._now = max(self._floor, self._clock.now())  # one look, under the counter's lock
        outcomes: list[Outcome] = []
        for one in offered:
            candidate = one.candidate
            try:
                if (place := known.get(one.key)) is not None:
                    outcomes.append(self._again(candidate, place))
                elif candidate.problem is not None:
                    outcomes.append(candidate.problem)
                elif candidate.draft is None:
                    raise ValueError("a candidate has a draft or a problem")
                else:
                    kept = self._keep(one, candidate.draft)
                    known[one.key] = kept.place
                    outcomes.append(kept)
            except _Refused as refused:
                outcomes.append(refused.problem)
        return outcomes

    def finish(self) -> None:
        """Write out what waits, and move the counter to the last place."""
        self._keys.write()
        if self._last != self._began:
            head = (self._last, self._recorded, self._hash)
            placing.finish(self._connection, *self._waiting(), self._tenant.number, head)

    def _write(self) -> None:
        placing.write(self._connection, *self._waiting())

    def _waiting(self) -> tuple[list[Row], list[Row], list[Row]]:
        """Rows of facts, ids and corrections that are not written yet; whoever asks writes them."""
        waiting = self._facts, self._fact_ids, self._corrections
        self._facts, self._fact_ids, self._corrections = [], [], []
        return waiting

    def _ahead(self, offered: Sequence[Prepared], known: dict[bytes, int]) -> None:
        """Have the key store read all that the new ones will ask it."""
        macs: list[bytes] = []
        people: list[str] = []
        for one in offered:
            if one.key not in known and one.candidate.draft is not None:
                macs += one.claims
                if person := one.candidate.draft.customer_ref or one.person:
                    people.append(person)
        self._keys.ahead(self._tenant.name, macs, people)

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
            raise _Refused(conflict(body["event_id"]))
        return Appended(
            event_id=body["event_id"], case_id=body.get("case_id", ""), place=place, duplicate=True
        )

    def _keep(self, one: Prepared, draft: Draft) -> Appended:
        tenant, candidate, event, key = self._tenant.name, one.candidate, one.event, one.key
        source = candidate.source
        target = self._target(source, draft)
        case = self._case(one, draft, target)
        if candidate.expected is not None:
            self._write()
            if problem := unmet(self._connection, self._tenant, case, candidate.expected, self._last):
                raise _Refused(problem)
        if one.reserved:
            raise _Refused(RESERVED)
        if draft.subject and not self._was_ever(draft.subject):
            raise _refuse(
                422, "customer_unknown", "data.subject_ref", "names no person known here", "没有这个个人引用"
            )  # fmt: skip
        recorded = max(self._recorded, self._now)
        person, ref = self._person(one, draft, recorded)
        retention = draft.retention
        body: dict[str, Any] = {name: value for name, value in draft.envelope.items() if value}
        data: Any = {**draft.data}
        if person:
            sealing = self._keys.sealing(tenant, person, retention)
            mac_key = sealing.mac
            sealed = seal_all(sealing.cipher, one.secrets, tenant, event, person, retention, self._nonces)
            for (path, _), blob in zip(one.secrets, sealed, strict=True):
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
        if draft.traceparent:
            body["traceparent"] = draft.traceparent
        if target is not None:
            body["corrects"] = target["event_id"]
            body["root"] = target.get("root", target["event_id"])
        return Appended(event_id=event, case_id=case, place=self._place(key, recorded, body, target))

    def _place(
        self, key: bytes, recorded: Instant, body: dict[str, Any], target: dict[str, Any] | None
    ) -> int:
        number, place, text = self._tenant.number, self._last + 1, canonical_bytes(body)
        hashed = self._chain.link(self._hash, place, recorded, text)
        self._facts.append((number, place, recorded, text, hashed))
        self._fact_ids.append((number, key, place))
        if target is not None:
            self._corrections.append((number, UUID(target["event_id"]).bytes, place, key))
        self._last, self._recorded, self._hash = place, recorded, hashed
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

    def _case(self, one: Prepared, draft: Draft, target: dict[str, Any] | None) -> str:
        """The case (事项): as given, by ticket, that of the corrected event, or opened by the event itself."""
        if draft.case_id or draft.ticket:
            return one.case
        if target is not None and target.get("case_id"):
            return str(target["case_id"])
        if draft.case == "needs":
            raise _Refused(case_needed(draft.type))
        return one.case

    def _person(self, one: Prepared, draft: Draft, now: Instant) -> tuple[str, str]:
        """(person under whose key it is sealed, customer's reference); "" for none."""
        tenant, source, event, claims = self._tenant.name, one.candidate.source, one.event, one.claims
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
        if one.person:
            self._keys.add_person(tenant, one.person)
        return one.person, ""

    def _was_ever(self, person: str) -> bool:
        return self._keys.is_person(self._tenant.name, person) or self._keys.is_erased(
            self._tenant.name, person
        )
