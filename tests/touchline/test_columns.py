"""Tables are aligned by the cells that a terminal gives to a character, and never lose one."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from touchline.columns import GAP, LEAST, laid_out, width

ROWS = (("号", "租户 tenant"), ("1", "云栖"), ("12", "acme"))
TEXTS = st.text(alphabet="ab 云栖花园é\u0301-", max_size=30)


def test_a_chinese_character_takes_two_cells() -> None:
    assert [line for lines in laid_out(ROWS) for line in lines] == ["号  租户 tenant", "1   云栖", "12  acme"]


def test_a_line_that_is_too_long_is_folded_where_somebody_watches() -> None:
    rows = (("due", "what"), ("2026-03-02", "投诉关闭回访须在关闭后进行"))
    folded = [line for lines in laid_out(rows, 30) for line in lines]
    assert folded == ["due         what", "2026-03-02  投诉关闭回访须在关", "            闭后进行"]
    words = [line for lines in laid_out((("已超时 Breached",),), 10) for line in lines]
    assert words == ["已超时", "Breached"]


def test_nothing_in_a_cell_moves_the_cursor() -> None:
    assert list(laid_out((("a",), ("b\x1b[2J\nc",)))) == [["a"], ["b\ufffd[2J\ufffdc"]]


@settings(max_examples=50)
@given(st.lists(st.tuples(TEXTS, TEXTS, TEXTS), min_size=1, max_size=5), st.integers(0, 60))
def test_every_character_is_printed_and_no_line_is_wider_than_it_may_be(
    rows: list[tuple[str, ...]], room: int
) -> None:
    found = list(laid_out(rows, room))
    assert len(found) == len(rows)
    for row, lines in zip(rows, found, strict=True):
        told, meant = "".join(lines), "".join(row)
        assert sorted(told.replace(" ", "")) == sorted(meant.replace(" ", ""))
        if room >= 3 * LEAST + 2 * len(GAP):
            assert all(width(line) <= room for line in lines)
