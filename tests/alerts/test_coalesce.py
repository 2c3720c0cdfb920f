"""Joining: nothing lost, nothing too long, tenants apart, what nobody takes by itself."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from alerts.coalesce import ALONE, pack
from alerts.message import Alert, joined
from tests.alerts.support import NOON, alert


def _size(alerts: Sequence[Alert]) -> int:
    return len(joined(alerts, NOON, "", {}).encode())


_WAITING = st.lists(
    st.tuples(st.integers(1, 3), st.text("房ab-1", max_size=40), st.integers(0, ALONE)), max_size=25
)


@given(_WAITING, st.integers(200, 4000))
def test_every_alert_stands_in_exactly_one_message(found: list[tuple[int, str, int]], room: int) -> None:
    waiting = [(alert(tenant=t, house_id=h, place=n), a) for n, (t, h, a) in enumerate(found)]
    groups = pack(waiting, _size, room)
    assert sorted(i for group in groups for i in group) == list(range(len(waiting)))
    for group in groups:
        assert len(group) == 1 or _size([waiting[i][0] for i in group]) <= room
        assert len({waiting[i][0].tenant for i in group}) == 1
        assert group == sorted(group)
        assert len(group) == 1 or all(waiting[i][1] < ALONE for i in group)


def test_a_burst_of_one_tenant_is_one_message() -> None:
    assert pack([(alert(place=n), 0) for n in range(5)], _size, 9000) == [[0, 1, 2, 3, 4]]
