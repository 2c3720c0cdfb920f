"""What was made of a tenant's publications, kept until there is one publication more."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

from ledger.tenants import Tenant

T = TypeVar("T")


class Kept(Generic[T]):
    """One value a tenant. Threads that ask at once may each make it; what one of them gets is right for its own places."""

    def __init__(self) -> None:
        self._held: dict[int, tuple[list[int], T]] = {}

    def of(self, tenant: Tenant, places: list[int], make: Callable[[], T]) -> T:
        """What ``make`` gave when the publications stood at these fact places; asked again once they are others."""
        held = self._held.get(tenant.number)
        if held is None or held[0] != places:
            held = self._held[tenant.number] = (places, make())
        return held[1]
