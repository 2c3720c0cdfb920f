"""How words of other people are compared: by what they look like, not by how they are encoded."""

from __future__ import annotations

import unicodedata
from functools import lru_cache


@lru_cache(maxsize=65_536)
def normal(text: str) -> str:
    """Full width as half width, any run of white space as one blank, no case: for headings, codes and names."""
    folded = text if text.isascii() else unicodedata.normalize("NFKC", text)
    return " ".join(folded.split()).casefold()


def heading(text: str) -> str:
    """A heading as it is compared: ``normal``, without blanks (a heading is often broken in two lines) and without the
    asterisk that marks what must be filled in."""
    return normal(text).replace(" ", "").strip("*")
