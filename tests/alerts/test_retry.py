"""Back-off: grows, is bounded, jitters by name, and is the same in every process."""

from __future__ import annotations

from alerts.retry import delay
from alerts.settings import AlertSettings
from schemas.instants import HOUR, SECOND

SETTINGS = AlertSettings(first_retry=4 * SECOND, longest_retry=HOUR)


def test_each_step_is_between_half_and_whole_of_its_double() -> None:
    for attempts in range(1, 60):
        step = min(4 * SECOND << (attempts - 1), HOUR)
        for name in ("a|webhook", "b|webhook", "c|robot"):
            assert step // 2 <= delay(SETTINGS, name, attempts) <= step


def test_the_jitter_follows_from_the_name() -> None:
    assert delay(SETTINGS, "a|webhook", 3) == delay(SETTINGS, "a|webhook", 3)
    assert len({delay(SETTINGS, f"{n}|webhook", 3) for n in range(50)}) > 45


def test_what_the_receiver_asks_for_is_granted_within_bounds() -> None:
    assert delay(SETTINGS, "a", 1, asked=90 * SECOND) == 90 * SECOND
    assert delay(SETTINGS, "a", 1, asked=900 * HOUR) == HOUR


def test_it_does_not_depend_on_the_process() -> None:
    assert delay(SETTINGS, "a|webhook", 1) == 2_876_361
