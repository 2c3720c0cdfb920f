"""What the pages say: in Chinese and in English, and each code in one place."""

from __future__ import annotations

from string import Formatter

import pytest

from web.texts.pages import BY_PAGE, PAGE


def test_a_code_stands_once() -> None:
    codes = [code for texts in BY_PAGE for code in texts]
    assert len(codes) == len(set(codes)) == len(PAGE)


@pytest.mark.parametrize("code", PAGE)
def test_both_languages_tell_the_same(code: str) -> None:
    zh, en = PAGE[code]
    assert zh
    assert en
    assert fields(zh) == fields(en)


def fields(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name}
