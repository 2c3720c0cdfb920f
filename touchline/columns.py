"""Aligned columns for people, without a library: what prints a list must not take longer than reading it.

A Chinese character takes two cells. Where there is a terminal the widest columns are folded until the lines fit; into a
pipe or a file go whole lines, never cut.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from functools import cache
from itertools import zip_longest

GAP = "  "
LEAST = 8
"""Cells below which no column is folded: the lines are then as long as they are."""


@cache
def cells(character: str) -> int:
    """How many cells of a terminal a character takes: 0, 1 or 2."""
    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def width(text: str) -> int:
    """Cells of a whole text."""
    return len(text) if text.isascii() else sum(map(cells, text))


def laid_out(rows: Sequence[Sequence[str]], room: int = 0) -> Iterator[list[str]]:
    """Each row (the headings are one) as its lines, as long as ``room`` cells allow; 0: however long they become."""
    whole = [[_plain(cell) for cell in row] for row in rows]
    widths = [max(map(width, column)) for column in zip(*whole, strict=True)]
    if room:
        widths = fitted(widths, room)
    for row in whole:
        folded = zip_longest(*map(fold, row, widths), fillvalue="")
        yield [GAP.join(map(_padded, line, widths)).rstrip() for line in folded]


def fitted(widths: Sequence[int], room: int) -> list[int]:
    """The widths with the widest ones cut down until the line fits into ``room``, none below LEAST."""
    found = list(widths)
    over = sum(found) + len(GAP) * (len(found) - 1) - room
    while over > 0 and max(found) > LEAST:
        found[found.index(max(found))] -= 1
        over -= 1
    return found


def fold(text: str, most: int) -> Iterator[str]:
    """The text in pieces of at most ``most`` cells, ended at a space where there is one."""
    while width(text) > most:
        end = taken = 0
        while taken + cells(text[end]) <= most:
            taken += cells(text[end])
            end += 1
        word = text.rfind(" ", 0, end + 1)
        if word > 0:
            yield text[:word]
            text = text[word + 1 :]
        else:
            yield text[:end]
            text = text[end:]
    yield text


def _padded(text: str, most: int) -> str:
    return text + " " * (most - width(text))


def _plain(text: str) -> str:
    """A control character would move the cursor or write in colours."""
    return text if text.isprintable() else "".join(c if c.isprintable() else "\ufffd" for c in text)
