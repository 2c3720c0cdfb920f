"""What commands ask of a house: by name, with plain JSON, at the counter of a running server or in a house of their own."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ledger import access
from ledger.access import Access
from ledger.tenants import Tenant
from producers.erasure import SOURCE as OWN_SOURCE
from schemas.canonical import Json
from touchline import appending, erasing
from touchline.choosing import good_name, only_source, only_tenant
from touchline.exits import Exit, Refused, of_error

if TYPE_CHECKING:
    from touchline.house import House


class HouseAdmin:
    """``perform`` does a command or raises Refused; ``call`` is the same over HTTP, where a refusal is an answer too."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._token = secrets.token_urlsafe(32)
        self._links: dict[str, Access] = {}
        self._lock = threading.Lock()
        self._commands: dict[str, Callable[..., Json]] = {
            "tenant.add": self._tenant_add,
            "policy.publish": self._policy_publish,
            "key.create": self._key_create,
            "append": self._append,
            "person.erase": self._person_erase,
            "person.accessed": self._person_accessed,
            "persons.accessed": self._persons_accessed,
            "import.begin": self._import_begin,
            "import": self._import,
            "today.done": self._today_done,
            "penalty.decide": self._penalty_decide,
            "parked.resume": self._parked_resume,
            "kafka.take": self._kafka_take,
            "dead.replay": self._dead_replay,
            "dead.discard": self._dead_discard,
            "dead.open": self._dead_open,
            "inbox.add": self._inbox_add,
            "inbox.remove": self._inbox_remove,
            "calendar.publish": self._calendar_publish,
            "source.declare": self._source_declare,
            "rebuild": self._rebuild,
            "rebuild_status": self._rebuild_status,
            "clock.accept": self._clock_accept,
        }

    @property
    def token(self) -> str:
        """Stands in server.json, which only the same user may read."""
        return self._token

    def perform(self, command: str, arguments: dict[str, Json]) -> Json:
        """Raises LookupError for a command that is none, Refused and the ledger's errors for one that is refused."""
        if command not in self._commands:
            raise LookupError(command)
        return self._commands[command](**arguments)

    def call(self, command: str, arguments: dict[str, Json]) -> Json:
        """``{"done": …}`` or ``{"refused": {exit, zh, en}}``. Raises LookupError, and what is a defect."""
        try:
            return {"done": self.perform(command, arguments)}
        except LookupError as error:
            if type(error) is LookupError:
                raise
            return _answer(error)
        except Exception as error:
            return _answer(error)

    def sign_in_link(self, tenant: Tenant, source: str) -> str:
        """A word that signs a browser in once."""
        nonce = secrets.token_urlsafe(24)
        with self._lock:
            self._links[nonce] = Access(tenant, source, write_only=False)
        return nonce

    def redeem(self, nonce: str) -> Access | None:
        """The access behind a sign-in link, which is spent by this; None for unknown or spent ones."""
        with self._lock:
            return self._links.pop(nonce, None)

    # The commands.

    def _tenant_add(self, name: str) -> Json:
        from touchline.defaults import publications  # reads YAML and the holidays; only this command does

        house = self._house
        wanted = publications(house.clock.now())
        tenant = house.ledger.add_tenant(good_name(name, "租户", "tenant"), wanted)
        if house.runner is not None:
            house.runner.wake()
        return {"number": tenant.number, "name": tenant.name, "published": len(wanted)}

    def _policy_publish(self, tenant: str, data: dict[str, Json]) -> Json:
        from touchline.publishing import publish

        found = only_tenant(self._house.ledger, tenant)
        return {"tenant": found.name, **publish(self._house, found, data)}

    def _key_create(
        self, tenant: str, source: str, write_only: bool, admin: bool = False, approver: bool = False
    ) -> Json:
        found = only_tenant(self._house.ledger, tenant)
        self.a_source(source)
        if approver and (admin or write_only):
            raise Refused(
                Exit.USAGE,
                "--approver 不能与 --admin 或 --write-only 同用。",
                "--approver goes neither with --admin nor with --write-only.",
            )
        key = self._house.writer.call(
            lambda conn: access.create(conn, found, source, write_only, admin, approver)
        )
        return {
            "key": key,
            "tenant": found.name,
            "source": source,
            "write_only": write_only,
            "admin": admin,
            "approver": approver,
        }

    def _append(self, tenant: str, source: str, lines: list[str]) -> Json:
        found = only_tenant(self._house.ledger, tenant)
        return appending.append(self._house, found, only_source(self._house.ledger, found, source), lines)

    def _person_erase(self, tenant: str, person: str, basis: str, by: str) -> Json:
        return erasing.erase(self._house, only_tenant(self._house.ledger, tenant), person, basis, by)

    def _person_accessed(self, tenant: str, person: str, purpose: str, by: str) -> Json:
        return erasing.accessed(self._house, only_tenant(self._house.ledger, tenant), person, purpose, by)

    def _persons_accessed(self, tenant: str, persons: list[str], purpose: str, by: str, range: str) -> Json:
        found = only_tenant(self._house.ledger, tenant)
        return erasing.all_accessed(self._house, found, persons, purpose, by, range)

    def _import_begin(self, tenant: str, source: str) -> Json:
        """Whose it is, and the key under which a mapping may hash columns that are no ids."""
        house = self._house
        found = only_tenant(house.ledger, tenant)
        by = only_source(house.ledger, found, source)
        return {"tenant": found.name, "source": by, "key": house.keys.token_key(found.name, by).hex()}

    def _import(self, tenant: str, source: str, events: list[Json]) -> Json:
        """Answers "kept", "again" or a refusal for each event."""
        house = self._house
        by = good_name(source, "来源", "source")
        return appending.imported(house, house.ledger.tenant(tenant), by, events)

    def _today_done(self, tenant: str, source: str, case: str, result: str, **said: Any) -> Json:
        from touchline.today import done

        found = only_tenant(self._house.ledger, tenant)
        by = only_source(self._house.ledger, found, source)
        return done(self._house, found, by, case, result, **said)

    def _penalty_decide(self, tenant: str, source: str, penalty: str, result: str, **said: Any) -> Json:
        from touchline.penalties import decide

        found = only_tenant(self._house.ledger, tenant)
        by = only_source(self._house.ledger, found, source)
        return decide(self._house, found, by, penalty, result, **said)

    def _parked_resume(self, tenant: str, events: list[list[str]], by: str) -> Json:
        """``events``: (event id, rule) in the order in which they are to be taken."""
        from touchline.mending import resume

        return resume(self._house, only_tenant(self._house.ledger, tenant), events, by)

    def _kafka_take(self, tenant: str, source: str, deliveries: list[Json]) -> Json:
        from touchline import inboxing

        found = only_tenant(self._house.ledger, tenant)
        return inboxing.taken(self._house, found, self.a_source(source), deliveries)

    def _dead_replay(self, tenant: str, source: str, letter: str, by: str) -> Json:
        from touchline import inboxing

        found = only_tenant(self._house.ledger, tenant)
        done = inboxing.replayed(self._house, found, source, letter, by)
        erasing.letters_gone(self._house)
        return done

    def _dead_discard(self, tenant: str, letter: str, cause: str, by: str) -> Json:
        from touchline import inboxing

        done = inboxing.discard(self._house, only_tenant(self._house.ledger, tenant), letter, cause, by)
        erasing.letters_gone(self._house)
        return done

    def _dead_open(self, tenant: str, letter: str, by: str) -> Json:
        from touchline import inboxing

        return inboxing.opened(self._house, only_tenant(self._house.ledger, tenant), letter, by)

    def _inbox_add(self, tenant: str, source: str, **said: str) -> Json:
        from touchline import inboxing

        found = only_tenant(self._house.ledger, tenant)
        return inboxing.put(self._house, found, self.a_source(source), **said)

    def _inbox_remove(self, source: str) -> Json:
        return self._house.inbox.remove(source)

    @staticmethod
    def a_source(source: str) -> str:
        """The name, where a source may have it. Raises Refused for a name that is none, or our own."""
        if good_name(source, "来源", "source") == OWN_SOURCE:
            raise Refused(
                Exit.USAGE,
                f"来源 {OWN_SOURCE} 为系统保留。",
                f"The source {OWN_SOURCE} is what Touchline itself states; take another name.",
            )
        return source

    def _calendar_publish(
        self, tenant: str, name: str, year: int, file: dict[str, Any] | None, version: str, region: str = ""
    ) -> Json:
        from touchline import calendars  # reads the holidays; only this command does

        found = only_tenant(self._house.ledger, tenant)
        if region:
            good_name(region, "区域", "region")
        return calendars.publish(self._house, found, name, region, year, file, version)

    def _source_declare(self, tenant: str, source: str, within: str) -> Json:
        from touchline import sources

        found = only_tenant(self._house.ledger, tenant)
        return sources.declare(self._house, found, self.a_source(source), within)

    def _rebuild(self, dry_run: bool = False) -> Json:
        """Begins it; ``rebuild_status`` says how far it has come and, in the end, what came of it."""
        self._house.rebuilds.start(lambda: self._house.rebuild(dry_run=dry_run))
        return {"started": True}

    def _rebuild_status(self) -> Json:
        return self._house.rebuilds.answer()

    def _clock_accept(self) -> Json:
        self._house.clock.accept()
        if self._house.runner is not None:
            self._house.runner.wake()
        return {"accepted": True}


def _answer(error: Exception) -> Json:
    refused = of_error(error)
    if refused is None:
        raise error
    return {"refused": {"exit": int(refused.code), "zh": refused.zh, "en": refused.en}}
