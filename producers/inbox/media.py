"""What a sender says that a body is."""

from __future__ import annotations


def essence_of(media: str) -> str:
    """``type/subtype`` of a Content-Type, "" for what is none: it stands in clear."""
    found = media.partition(";")[0].strip().lower()
    kind, slash, sub = found.partition("/")
    good = slash and all(
        part and part.replace("-", "").replace("+", "").replace(".", "").isalnum() for part in (kind, sub)
    )
    return found if good and found.isascii() and len(found) <= 80 else ""
