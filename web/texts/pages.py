"""All that the pages say. A code stands in one page's texts alone: whatever page asks, it means the same."""

from __future__ import annotations

from typing import Final

from web.texts import approval, case, door, duties, everywhere, figures, today, wall
from web.texts.pair import Texts

BY_PAGE: Final[tuple[Texts, ...]] = tuple(
    page.TEXTS for page in (everywhere, door, wall, case, today, figures, duties, approval)
)
PAGE: Final[Texts] = {code: pair for texts in BY_PAGE for code, pair in texts.items()}
