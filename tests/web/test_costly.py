"""Answers that cost are given again for a while; cheap ones are never old."""

from __future__ import annotations

import pytest

from web.costly import CHEAP, REST, Costly


class Desk:
    """Counts how often it is asked; each time takes ``takes`` seconds of a clock that nothing else moves."""

    def __init__(self) -> None:
        self.time, self.takes, self.asked = 100.0, 0.0, 0
        self.broken = False

    def now(self) -> float:
        return self.time

    def __call__(self) -> int:
        self.time += self.takes
        self.asked += 1
        if self.broken:
            raise ValueError("broken")
        return self.asked


def test_what_is_cheap_is_asked_each_time() -> None:
    desk = Desk()
    desk.takes = CHEAP / 2
    figure = Costly(desk, desk.now)
    assert [figure() for _ in range(3)] == [1, 2, 3]


def test_what_took_long_is_good_for_twenty_times_as_long() -> None:
    desk = Desk()
    figure = Costly(desk, desk.now)
    desk.takes = 3.0
    assert figure() == 1
    desk.time += REST * 3.0 - 1
    assert figure() == 1
    desk.time += 1
    desk.takes = 0.0
    assert [figure(), figure()] == [2, 3]  # it has become cheap


def test_what_fails_is_not_kept_and_what_was_kept_is_not_given_for_it() -> None:
    desk = Desk()
    figure = Costly(desk, desk.now)
    desk.takes = 1.0
    assert figure() == 1
    desk.time += REST
    desk.broken = True
    for _ in range(2):
        with pytest.raises(ValueError, match="broken"):
            figure()
    desk.broken = False
    assert figure() == 4
