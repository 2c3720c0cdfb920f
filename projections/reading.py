"""Reading: every question that pages, API and command line ask, answered on one snapshot of the active set."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection

from ledger import lanes
from ledger.database import Database
from ledger.ledger import Ledger
from ledger.tenants import Tenant
from processors.rules.linear import AnyRule
from processors.rules.protocol import Owner, Tabled
from projections import owners, repetitions
from projections.cases import CaseList
from projections.coverage import Share, coverage
from projections.kept import Kept
from projections.pages import SqlPages
from projections.penalties import PenaltyList
from projections.promises import Names, Promises, names_in
from projections.store import OtherFold, active_set
from projections.tables import SetTables, fold_version, set_tables
from schemas.confidential import confidential
from schemas.event import Event
from schemas.figures import Figures, Published, binding, figures_of
from schemas.instants import AHEAD, NEVER, Day, Instant, parse_instant

if TYPE_CHECKING:
    from processors.rules.book import Book
    from projections.replay import Replay
    from projections.today import Asked, Worklist
    from projections.visits import Visit


class Reading:
    """See the module's docstring. Raises OtherFold while the tables belong to another version of the rules.

    Lists are read off the tables by ``owners`` alone; replay and explanations ask ``rules`` for what judges, and import
    it when they are first asked for.
    """

    def __init__(
        self,
        database: Database,
        ledger: Ledger,
        owners: Sequence[Owner],
        rules: Callable[[], Sequence[AnyRule]],
    ) -> None:
        self.database = database
        self.ledger = ledger
        self._owners = tuple(owners)
        self._rules = rules
        self._kinds: tuple[type[Tabled], ...] = tuple(kind for owner in owners for kind in owner.rows)
        self._version = fold_version(owners)
        self._books: Kept[Book] = Kept()
        self._names: Kept[Names] = Kept()
        self._visits: Kept[dict[tuple[int, str], Visit]] = Kept()
        self._measures: Kept[list[tuple[Instant, Published]]] = Kept()

    @contextmanager
    def snapshot(self) -> Iterator[tuple[Connection, SetTables]]:
        """One snapshot and the set that is active in it."""
        with self.database.read() as conn:
            active = active_set(conn)
            if active is None or active[1] != self._version:
                raise OtherFold("the tables are being rebuilt for this version; `touchline rebuild`")
            yield conn, set_tables(active[0], self._kinds)

    def now(self) -> Instant:
        """What opens later has not begun; a sender's clock may run a little before ours."""
        return self.ledger.clock.now() + AHEAD

    def promises(
        self,
        tenant: Tenant,
        *,
        state: str | None = None,
        wall: str | None = None,
        case_id: str | None = None,
        project_id: str | None = None,
        limit: int = 200,
        after: str | None = None,
    ) -> list[dict[str, Any]]:
        """By due instant. ``after`` is ``<due>,<id>`` of the last one already had (an undated one: ``,<id>``)."""
        with self.snapshot() as (conn, tables):
            found = Promises(tables, self.names(conn, tables, tenant), self.now()).find(
                conn,
                tenant.number,
                state=state,
                wall=wall,
                case_id=case_id,
                project_id=project_id,
                limit=limit,
                after=position(after),
            )
            owners.fill(conn, tables, tenant.number, found)
            return found

    def settled_lately(self, tenant: Tenant, wall: str, limit: int = 50) -> list[dict[str, Any]]:
        """Settled promises of a wall state, the latest first."""
        with self.snapshot() as (conn, tables):
            return Promises(tables, self.names(conn, tables, tenant), self.now()).settled_lately(
                conn, tenant.number, wall=wall, limit=limit
            )

    def promise(self, tenant: Tenant, promise_id: str) -> dict[str, Any] | None:
        """One promise."""
        with self.snapshot() as (conn, tables):
            found = Promises(tables, self.names(conn, tables, tenant), self.now()).get(
                conn, tenant.number, promise_id
            )
            owners.fill(conn, tables, tenant.number, [found] if found else [])
            return found

    def wall_counts(self, tenant: Tenant) -> dict[str, int]:
        """How many promises stand under each wall state."""
        with self.snapshot() as (conn, tables):
            return Promises(tables, self.names(conn, tables, tenant), self.now()).counts(conn, tenant.number)

    def worklist(
        self, tenant: Tenant, asked: Asked, *, limit: int = 200, after: str | None = None, named: bool = False
    ) -> list[dict[str, Any]]:
        """Whom to call or visit (see ``today``), by due instant. ``after`` as for ``promises``. ``named``: with ``customer``
        and ``about`` in clear, for the eyes of who may see the case."""
        from projections.customers import told

        with self.snapshot() as (conn, tables):
            found = self._worklist(conn, tables, tenant).find(
                conn, tenant.number, asked, limit=limit, after=position(after)
            )
            if named:
                told(conn, self.ledger, tenant, found)
            for one in found:
                del one["places"]
            return found

    def abreast(self, tenant: Tenant, at: Instant) -> bool:
        """Whether the tables tell all that was recorded and fell due before ``at``; after downtime they do not at once."""
        with self.snapshot() as (conn, tables):
            following = self.ledger.facts(conn, tenant, lanes.engine_state(conn, tenant).decided, 1)
            if following and following[0].recorded < at:
                return False
            return SqlPages(conn, tables, tenant.number, self._owners).earliest() >= at

    def day_note(self, tenant: Tenant, at: Instant) -> dict[str, Any]:
        """The figures of the morning note as of an instant (see ``daynote``)."""
        from projections.daynote import DayNote

        with self.snapshot() as (conn, tables):
            return DayNote(tables, self.names(conn, tables, tenant), at).read(conn, tenant.number)

    def worklist_counts(self, tenant: Tenant, asked: Asked) -> dict[str, Any]:
        """``{"counts", "persons", "roles"}``: how many stand where, and by whom anything on the list is owed."""
        with self.snapshot() as (conn, tables):
            queries = self._worklist(conn, tables, tenant)
            persons, roles = queries.people(conn, tenant.number)
            return {
                "counts": queries.counts(conn, tenant.number, asked),
                "persons": persons,
                "roles": roles,
            }

    def _worklist(self, conn: Connection, tables: SetTables, tenant: Tenant) -> Worklist:
        from projections.today import Worklist
        from projections.visits import visits_in

        places = self._publications(conn, tables, tenant)
        visits = self._visits.of(tenant, places, lambda: visits_in(self._policies(conn, tenant, places)))
        return Worklist(tables, self.names(conn, tables, tenant), visits, self.ledger.clock.now())

    def coverage(self, tenant: Tenant, obligation: str) -> list[Share]:
        """Shares of a coverage by period, up to now; none where no policy of that name is one."""
        with self.snapshot() as (conn, tables):
            bound = self.book(conn, tables, tenant).versions(obligation)
            if not bound:
                return []
            return coverage(conn, tables, tenant.number, obligation, bound[-1].terms.names, self.now())

    def calendars(self, tenant: Tenant) -> list[dict[str, Any]]:
        """The newest version of each calendar as data, with the years that it took over from those before."""
        from processors.rules.published import CalendarVersion

        with self.snapshot() as (conn, tables):
            book = self.book(conn, tables, tenant)
        newest = {one.name: one for one in book.published if isinstance(one, CalendarVersion)}
        return [newest[name].data.model_dump(mode="json") for name in sorted(newest)]

    def horizons(self, tenant: Tenant) -> dict[str, Day]:
        """Calendar -> the last day that it tells; what falls due behind that stands undated."""
        with self.snapshot() as (conn, tables):
            book = self.book(conn, tables, tenant)
        return {
            name: day for name in sorted(book.calendar_years()) if (day := book.horizon(name)) is not None
        }

    def obligations(self, tenant: Tenant) -> list[dict[str, Any]]:
        """Which published obligations the sources seen can open and settle (see ``obligations``)."""
        from projections.obligations import obligations

        with self.snapshot() as (conn, tables):
            return obligations(self.book(conn, tables, tenant))

    def sources(self, tenant: Tenant) -> list[dict[str, Any]]:
        """Who sends, how late each may report, and how far it has (see ``sources``), by name."""
        from projections.sources import listed

        with self.snapshot() as (conn, tables):
            return listed(self.book(conn, tables, tenant).sources, self.ledger.clock.now())

    def satisfaction(
        self,
        tenant: Tenant,
        where: Mapping[str, str],
        *,
        as_of: Instant | None = None,
        known_at: Instant | None = None,
    ) -> dict[str, Any]:
        """Satisfaction by project, owner type and month (see ``satisfaction``); ``where``: column -> text."""
        from projections.moment import Moment
        from projections.satisfaction import satisfaction

        with self.snapshot() as (conn, tables):
            at = known_at if known_at is not None else as_of if as_of is not None else self.now()
            counted = self._figures(conn, tables, tenant, at, known_at)
            return satisfaction(conn, tables, tenant.number, counted, where, Moment(as_of, known_at))

    def defects(
        self,
        tenant: Tenant,
        where: Mapping[str, str],
        *,
        as_of: Instant | None = None,
        known_at: Instant | None = None,
    ) -> dict[str, Any]:
        """Defects by project, origin, component, cause and month (see ``defects``); ``where``: column -> text."""
        from projections.defects import defects
        from projections.moment import Moment

        with self.snapshot() as (conn, tables):
            return defects(conn, tables, tenant.number, where, Moment(as_of, known_at))

    def behind(
        self,
        tenant: Tenant,
        figure: str,
        where: Mapping[str, str],
        *,
        as_of: Instant | None = None,
        known_at: Instant | None = None,
        limit: int = 100,
        after: str | None = None,
    ) -> list[dict[str, Any]]:
        """The events, with their cases, that a figure (``satisfaction``, ``defects``) counts, the latest first. ``after``:
        ``<time>,<event id>`` of the last one already had."""
        from projections.behind import events_behind
        from projections.moment import Moment

        with self.snapshot() as (conn, tables):
            return events_behind(
                conn,
                self.ledger,
                tables,
                tenant,
                figure,
                where,
                Moment(as_of, known_at),
                limit=limit,
                after=position(after),
            )

    def _figures(
        self, conn: Connection, tables: SetTables, tenant: Tenant, at: Instant, known_at: Instant | None
    ) -> Figures:
        """What figures are published by, of what was published by then. Nothing is compiled for it; kept like the names."""
        places = self._publications(conn, tables, tenant)

        def measures() -> list[tuple[Instant, Published]]:
            return [
                (fact.recorded, Published(parse_instant(str(fact.data["effective_from"])), fact.place, said))
                for fact in self._policies(conn, tenant, places).values()
                if (said := figures_of(fact.data["policy"])) is not None
            ]

        published = self._measures.of(tenant, places, measures)
        known = (one for recorded, one in published if known_at is None or recorded <= known_at)
        return binding(known, at, NEVER)

    def late_entries(
        self, tenant: Tenant, *, since: Instant | None = None, until: Instant | None = None, limit: int = 500
    ) -> dict[str, Any]:
        """Who entered late what was done in time (see ``late_entries``)."""
        from projections.late_entries import ALWAYS, late_entries

        with self.snapshot() as (conn, tables):
            return late_entries(
                conn,
                tables,
                self.ledger,
                tenant,
                self.names(conn, tables, tenant),
                since=0 if since is None else since,
                until=ALWAYS if until is None else until,
                limit=limit,
            )

    def cases(
        self,
        tenant: Tenant,
        *,
        kind: str | None = None,
        state: str | None = None,
        project_id: str | None = None,
        limit: int = 100,
        after: str | None = None,
    ) -> list[dict[str, Any]]:
        """The latest touched first. ``after`` is ``<last>,<id>`` of the last one already had."""
        with self.snapshot() as (conn, tables):
            found = CaseList(tables).find(
                conn,
                tenant.number,
                kind=kind,
                state=state,
                project_id=project_id,
                limit=limit,
                after=position(after),
            )
            owned = owners.of_cases(conn, tables, tenant.number, (one["id"] for one in found))
            return [
                {**one, "owner": owned[one["id"]]["owner"] if one["id"] in owned else ""} for one in found
            ]

    def case(self, tenant: Tenant, case_id: str) -> dict[str, Any] | None:
        """One case, with the ``place`` of its last fact."""
        with self.snapshot() as (conn, tables):
            cases = CaseList(tables)
            found = cases.get(conn, tenant.number, case_id)
            if found is None:
                return None
            ownership = owners.of_cases(conn, tables, tenant.number, (case_id,)).get(case_id)
            owner = ownership["owner"] if ownership else ""
            place = cases.place(conn, tenant.number, case_id)
            rows = repetitions.rows_of(conn, tables, tenant.number, case_id)
            repetition = repetitions.view(rows, case_id, self._ladder(conn, tenant))
            return {
                **found,
                "owner": owner,
                "ownership": ownership,
                "repetition": repetition,
                "place": place,
            }

    def _ladder(self, conn: Connection, tenant: Tenant) -> Callable[[int], Mapping[str, Any]]:
        """Repetition ladders by the places of their publications, each read once."""
        known: dict[int, Mapping[str, Any]] = {}

        def ladder(place: int) -> Mapping[str, Any]:
            if place not in known:
                fact = self.ledger.facts_at(conn, tenant, [place]).get(place)
                known[place] = (fact.data["policy"].get("repetition") if fact else None) or {}
            return known[place]

        return ladder

    def case_place(self, tenant: Tenant, case_id: str) -> tuple[int, int]:
        """(place of the last fact of a case, fact place up to which that is known)."""
        with self.snapshot() as (conn, tables):
            decided = lanes.engine_state(conn, tenant).decided
            return CaseList(tables).place(conn, tenant.number, case_id), decided

    def history(
        self,
        tenant: Tenant,
        case_id: str,
        *,
        as_of: Instant | None = None,
        known_at: Instant | None = None,
    ) -> dict[str, Any] | None:
        """A case replayed to a moment (see ``replay``), without what speaks of penalties."""
        from projections.moment import Moment

        with self.snapshot() as (conn, tables):
            return self._replay(conn, tenant, tables).history(case_id, Moment(as_of, known_at))

    def whole_history(
        self, tenant: Tenant, case_id: str, as_of: Instant | None = None, known_at: Instant | None = None
    ) -> dict[str, Any] | None:
        """The same with all that was said and decided of penalties, and those of the case as they are now: for the approver
        alone."""
        from projections.moment import Moment

        with self.snapshot() as (conn, tables):
            replay = self._replay(conn, tenant, tables)
            found = replay.history(case_id, Moment(as_of, known_at), penalties=True)
            if found is not None:
                found["penalties"] = PenaltyList(conn, self.ledger, tenant, tables).find(case_id=case_id)
            return found

    def penalties(
        self,
        tenant: Tenant,
        *,
        state: str | None = None,
        case_id: str | None = None,
        limit: int = 100,
        after: str | None = None,
    ) -> list[dict[str, Any]]:
        """For the approver alone; the latest opened first. ``after`` is ``<opened>,<id>`` of the last one already had."""
        with self.snapshot() as (conn, tables):
            return PenaltyList(conn, self.ledger, tenant, tables).find(
                state=state, case_id=case_id, limit=limit, after=position(after)
            )

    def penalty(self, tenant: Tenant, penalty_id: str) -> dict[str, Any] | None:
        """One, for the approver alone."""
        with self.snapshot() as (conn, tables):
            return PenaltyList(conn, self.ledger, tenant, tables).get(penalty_id)

    def explain(self, tenant: Tenant, name: str, *, penalties: bool = False) -> dict[str, Any] | None:
        """Why: ``name`` is a promise id or a verdict id; of one that speaks of ``penalties`` for the approver alone."""
        from projections import explain

        with self.snapshot() as (conn, tables):
            replay = self._replay(conn, tenant, tables)
            queries = Promises(tables, self.names(conn, tables, tenant), self.now())
            if (row := queries.row(conn, tenant.number, name)) is not None:
                return explain.promise(replay, row)
            found = replay.verdict(name)
            if found is not None and (penalties or not confidential(found)):
                about = queries.row(conn, tenant.number, str(found.origin.get("row", "")))
                return explain.verdict(replay, found, about)
        return None

    def verdict(self, tenant: Tenant, verdict_id: str) -> Event | None:
        """One verdict by its id."""
        with self.snapshot() as (conn, tables):
            return self._replay(conn, tenant, tables).verdict(verdict_id)

    def parked(self, tenant: Tenant) -> list[dict[str, Any]]:
        """(rule, event) that a rule failed on and that were not resumed."""
        with self.snapshot() as (conn, tables):
            found = SqlPages(conn, tables, tenant.number, self._owners).parked()
            return [
                {"rule": p.rule, "event_id": p.event_id, "error": p.error, "verdict": p.verdict_id}
                for p in found
                if not p.resumed
            ]

    def parked_list(self, tenant: Tenant) -> list[dict[str, Any]]:
        """The same with what each is about, in the order in which the events were recorded."""
        from projections.parked import listed

        with self.snapshot() as (conn, tables):
            found = SqlPages(conn, tables, tenant.number, self._owners).parked()
            return listed(conn, self.ledger, tenant, self._replay(conn, tenant, tables), found)

    def recheck(self, tenant: Tenant) -> list[dict[str, Any]]:
        """Where today's rules would conclude otherwise than was said."""
        from projections.recheck import recheck

        with self.snapshot() as (conn, tables):
            return list(recheck(conn, tables, tenant, self._rules(), self.book(conn, tables, tenant)))

    def decided(self, tenant: Tenant) -> tuple[int, int]:
        """(decided fact place, verdict place)."""
        with self.database.read() as conn:
            state = lanes.engine_state(conn, tenant)
            return state.decided, state.verdict_place

    def book(self, conn: Connection, tables: SetTables, tenant: Tenant) -> Book:
        """The tenant's book as of the snapshot. Kept until there is one publication more."""
        places = self._publications(conn, tables, tenant)

        def book() -> Book:
            from processors.engine import book_of

            return book_of(self.ledger, conn, tenant, places)

        return self._books.of(tenant, places, book)

    def names(self, conn: Connection, tables: SetTables, tenant: Tenant) -> Names:
        """What the tenant's policies are called. Kept like the book, and sooner had."""
        places = self._publications(conn, tables, tenant)
        return self._names.of(tenant, places, lambda: names_in(self._policies(conn, tenant, places)))

    def _publications(self, conn: Connection, tables: SetTables, tenant: Tenant) -> list[int]:
        return SqlPages(conn, tables, tenant.number, self._owners).publications()

    def _policies(self, conn: Connection, tenant: Tenant, places: Sequence[int]) -> dict[int, Event]:
        published = self.ledger.facts_at(conn, tenant, places)
        return {p: f for p, f in published.items() if f.type == "policy.published"}

    def _replay(self, conn: Connection, tenant: Tenant, tables: SetTables) -> Replay:
        from projections.replay import Replay

        return Replay(
            conn,
            self.ledger,
            tenant,
            tables,
            self._rules(),
            self.book(conn, tables, tenant),
            self.names(conn, tables, tenant),
        )


def position(after: str | None) -> tuple[Instant, str] | None:
    """``<RFC 3339>,<id>`` -> (µs, id). Raises ValueError saying what is wrong."""
    if after is None:
        return None
    at, _, last = after.rpartition(",")
    return (parse_instant(at) if at else 2**63 - 1, last)
