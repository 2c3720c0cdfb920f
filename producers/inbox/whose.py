"""Whom a letter names (来件所涉个人): its text looked through for phones, customer numbers and references, each made an entry
of the blind index as the intake would. Nothing is compared in clear."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator, Set
from typing import Any, Final

from ledger.persons import PHONE, normal_number, normal_phone, number_of
from producers.inbox.bodies import decoded, rows
from producers.inbox.letter import Content
from producers.mapping.problems import BadRow
from schemas.canonical import Flaw

SHORTEST_PHONE: Final = 7
"""Digits. What is shorter is an extension, or stands for none ("0"), and would be found in every letter."""
SHORTEST_NUMBER: Final = 4
SURE_NUMBER: Final = 6
"""Characters of a customer number that is nothing else: a shorter one may be a house's, and is left to people."""
LONGEST: Final = 200
_APART: Final = r"[\s()\-‐‒–—−]"
_RUN = re.compile(rf"\+?[0-9](?:{_APART}?[0-9]){{{SHORTEST_PHONE - 1},19}}")
_MOBILE = re.compile(
    rf"(?<![0-9])(?:(?:\+|00)?86{_APART}?|0)?(1[3-9][0-9]{_APART}?[0-9]{{4}}{_APART}?[0-9]{{4}})(?![0-9])"
)
_LANDLINE = re.compile(
    rf"(?<![0-9])\(?0[1-9][0-9]{{1,2}}{_APART}{{0,2}}[2-8][0-9]{{2,3}}{_APART}?[0-9]{{4}}(?![0-9])"
)
_SOMEBODYS = re.compile(r"1[3-9][0-9]{9}|0[1-9][0-9]{1,2}[2-8][0-9]{6,7}|\+[0-9]{8,15}")
"""A phone that people have; no hotline (400, 800, 95…)."""
_WORDS = (re.compile(r"[^\s<>\"'&=,;:{}\[\]()]+"), re.compile(r"[0-9A-Za-z][0-9A-Za-z_./-]*"))
_REF = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def phones_in(text: str) -> Iterator[str]:
    """Everything in a text that may be a phone, normalised as the intake does; and the whole text, if it is that."""
    if len(text) <= LONGEST:
        yield normal_phone(text)
    plain = unicodedata.normalize("NFKC", text)
    for match in _MOBILE.finditer(plain):
        yield normal_phone(match[1])
    for pattern in (_RUN, _LANDLINE):
        for match in pattern.finditer(plain):
            yield normal_phone(match[0])


def numbers_in(text: str) -> Iterator[str]:
    """The same of customer numbers: the whole text, and its words where they are long enough."""
    if SHORTEST_NUMBER <= len(whole := normal_number(text)) <= LONGEST:
        yield whole
    plain = unicodedata.normalize("NFKC", text)
    for pattern in _WORDS:
        for match in pattern.finditer(plain):
            if SURE_NUMBER <= len(word := match[0].rstrip("_./-")) <= LONGEST:
                yield word


class Look:
    """One letter of a source looked through for some persons. ``entry`` makes entries of the blind index.

    ``named``: one of them is named; ``sure``: by more than a short number; ``others``: it may be about somebody else too;
    ``entries``, ``refs``: everything it names, for whoever can tell whose those are.
    """

    def __init__(
        self, source: str, entry: Callable[[str, str], bytes], theirs: Set[bytes], persons: Set[str]
    ) -> None:
        self._number = number_of(source)
        self._entry = entry
        self._theirs = theirs
        self._persons = persons
        self._known: dict[str, bool] = {}
        self.named = self.sure = self.others = self._flawed = False
        self.entries: set[bytes] = set()
        self.refs: set[str] = set()

    def through(self, content: Content) -> Look:
        """What can be parsed value by value; a body that cannot be, or not all of it, as one text."""
        said = [self._value([value for _, value in content.query])]
        try:
            said.append(self._value(rows(content)))
        except (BadRow, RecursionError):
            self._flawed = True
        if self._flawed:
            said.append(self._text(_loose(content.body)))
        self.named = any(said)
        return self

    def _value(self, value: Any) -> bool:
        """Whether it names one of them. Where an item of a list does and another does not, that one may be somebody else's."""
        if isinstance(value, dict):
            found = [
                self._value(inner) for pair in value.items() for inner in pair
            ]  # all, whatever the first says
            return any(found)
        if isinstance(value, list):
            found = [self._value(inner) for inner in value]
            rest = (inner for inner, named in zip(value, found, strict=True) if not named)
            self.others |= any(found) and any(isinstance(inner, (dict, list)) for inner in rest)
            return any(found)
        if isinstance(value, Flaw):
            self._flawed = True
            return False
        if value is None or isinstance(value, bool):
            return False
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        return self._text(str(value))

    def _text(self, text: str) -> bool:
        text = text.encode("utf-8", "replace").decode()  # JSON may hold half of a surrogate pair
        known = self._known.get(text)
        if known is None:
            known = self._known[text] = bool(text) and self._names(text)
        return known

    def _names(self, text: str) -> bool:
        if _REF.fullmatch(text):
            self.refs.add(text)
        named = text in self._persons
        self.sure |= named
        for phone in set(phones_in(text)):
            if sum(map(str.isdigit, phone)) < SHORTEST_PHONE:
                continue
            if self._theirs_is(PHONE, phone):
                named = self.sure = True
            elif _SOMEBODYS.fullmatch(phone):
                self.others = True
        for number in set(numbers_in(text)):
            if self._theirs_is(self._number, number):
                named = True
                self.sure |= len(number) >= SURE_NUMBER
        return named

    def _theirs_is(self, kind: str, value: str) -> bool:
        entry = self._entry(kind, value)
        self.entries.add(entry)
        return entry in self._theirs


def _loose(body: bytes) -> str:
    """A body that nobody can read, for what may stand in it all the same."""
    body = body.replace(b"\0", b"")  # in UTF-16 they stand between digits
    try:
        return decoded(body)
    except BadRow:
        return body.decode("latin-1")
