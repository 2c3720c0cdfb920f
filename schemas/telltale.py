"""Tell-tale identifiers: what looks like a person's number may not be kept in clear as an id.

Chinese mobile phone numbers (手机号), with or without +86 and separators, full-width digits too, and identity
card numbers (身份证号) with a true check digit. UUIDs and long hexadecimal tokens are passed over: digits stand
in them by chance.
"""

from __future__ import annotations

import re
import unicodedata

_HEX = re.compile(
    r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}|(?=[0-9]*[a-f])[0-9a-f]{24,}", re.ASCII | re.IGNORECASE
)
_PHONE = re.compile(r"(?<!\d)(?:(?:\+|00)?86[- ]?)?1[3-9]\d[- ]?\d{4}[- ]?\d{4}(?!\d)", re.ASCII)
_CARD = re.compile(
    r"(?<!\d)[1-9]\d{5}(?:19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d{3}[\dXx](?!\d)", re.ASCII
)
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)


def looks_personal(text: str) -> bool:
    """True where an identifier holds what looks like a mobile phone or identity card number."""
    if len(text) < 11:
        return False
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text)
    rest = _HEX.sub("·", text)
    return _PHONE.search(rest) is not None or any(_checks(m[0]) for m in _CARD.finditer(rest))


def _checks(card: str) -> bool:
    """The check digit of GB 11643 holds (one in eleven numbers passes by chance)."""
    total = sum(int(digit) * weight for digit, weight in zip(card[:17], _WEIGHTS, strict=True))
    return "10X98765432"[total % 11] == card[17].upper()
