"""Why a file cannot be read as a table."""

from __future__ import annotations


class BadFile(ValueError):
    """(Chinese, English), naming the line where one is meant."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(f"{zh} {en}")
        self.zh = zh
        self.en = en
