"""Texts that only the pages say, by page. What other rooms say too stands in ``schemas.words``."""

from __future__ import annotations

from collections.abc import Mapping

Texts = Mapping[str, tuple[str, str]]
"""Code -> (Chinese, English)."""
