"""The Wilson interval (威尔逊区间) of a share, in whole thousandths, outwards; exact: no float, only whole numbers.

With z = a/b the bounds of s of n are (n(2sb² + a²) ± √(a²n(a²n + 4b²s(n − s)))) / (2n(nb² + a²)). The root is rounded up, which
bends the lower bound down and the upper one up by less than the last digit told, and never past a whole thousandth.
"""

from __future__ import annotations

from math import isqrt

THOUSAND = 1000


def wilson(satisfied: int, answered: int, z_permille: int) -> tuple[int, int]:
    """(lower, upper) in thousandths, the lower rounded down, the upper up. Raises ValueError for no share of anything."""
    s, n, a, b = satisfied, answered, z_permille, THOUSAND
    if n <= 0 or not 0 <= s <= n:
        raise ValueError(f"{s} of {n} is no share")
    middle = THOUSAND * n * (2 * s * b * b + a * a)
    under = THOUSAND * THOUSAND * a * a * n * (a * a * n + 4 * b * b * s * (n - s))
    root = isqrt(under)
    root += root * root < under
    whole = 2 * n * (n * b * b + a * a)
    return (middle - root) // whole, -((-middle - root) // whole)


def permille(part: int, whole: int) -> int:
    """A share in thousandths, half up."""
    return (2 * THOUSAND * part + whole) // (2 * whole)
