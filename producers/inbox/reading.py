"""A letter read by its source's mapping: touchpoints, and what is wrong with the rest of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ledger.candidate import Problem
from producers.inbox.bodies import rows
from producers.inbox.letter import Content
from producers.mapping.aliases import Aliases, aliases_of
from producers.mapping.columns import Reader
from producers.mapping.hashing import hasher
from producers.mapping.mapping import Made, Mapping
from producers.mapping.problems import BadRow, Fault
from producers.mapping.reading import mapping_of
from producers.mapping.values import Hasher
from schemas.canonical import Json
from schemas.policy_yaml import read_yaml

if TYPE_CHECKING:
    from producers.inbox.known import Inbox


@dataclass(frozen=True, slots=True)
class Read:
    """``made`` of all good rows; one fault at least of each bad one; ``skipped`` rows that the mapping leaves out."""

    made: Sequence[Made]
    faults: Sequence[Fault]
    skipped: int


@dataclass(frozen=True, slots=True)
class Reading:
    """A compiled mapping; pure."""

    mapping: Mapping
    reader: Reader
    hasher: Hasher

    @classmethod
    def of(cls, inbox: Inbox, key: bytes) -> Reading:
        """Raises MappingFault; BadYaml for aliases. Both were read when the inbox was set up."""
        mapping = mapping_of(inbox.mapping, inbox.file)
        aliases = aliases_of(read_yaml(inbox.aliases, "aliases")) if inbox.aliases else Aliases()
        return cls(mapping, mapping.over_json(aliases), hasher(key))

    def read(self, content: Content, out: Callable[[Json], bool] | None = None) -> Read:
        """Row by row: a bad one spoils no other. ``out``: whether a row is left out, by any of its events."""
        try:
            found = rows(content)
        except BadRow as error:
            return Read((), error.faults[:1], 0)
        made: list[Made] = []
        faults: list[Fault] = []
        skipped = 0
        for at, row in enumerate(found):
            try:
                events = self.mapping.events(self.reader, row, self.hasher)
            except BadRow as error:
                first = error.faults[0]
                where = first.field if len(found) == 1 else f"[{at}] {first.field}".strip()
                faults.append(Fault(where, first.reason, first.reason_zh))
                continue
            if events is None or (out is not None and any(out(one.event) for one in events)):
                skipped += 1
            else:
                made += events
        return Read(made, faults, skipped)

    def fault(self, made: Made, problem: Problem) -> Fault:
        """What the ledger refused, by the field that it came from."""
        return self.mapping.refused(made, problem.code, problem.field, problem.reason, problem.reason_zh)
