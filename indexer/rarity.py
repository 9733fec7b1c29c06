"""How rare a word is (idf), to the same bit on every machine. It knows counts and no index.

The C library picks its logarithm by the processor, and the last bits of the picks differ. So the
logarithm is rounded, and where rounding could hang on those bits it is worked out in decimals.
"""

import math
from decimal import Context, Decimal
from functools import lru_cache

UNITS = 10**10
"""Rarities are whole multiples of 1 / UNITS."""
_NEAR = 0.05
"""So near to the middle between two multiples the last bits of a logarithm might decide."""
_EXACT = Context(prec=34)


@lru_cache(maxsize=65_536)
def idf(held: int, total: int) -> float:
    """Return ln(1 + (N - df + ½) / (df + ½)) of a word that `held` of `total` texts have."""
    rough = math.log((2 * total + 2) / (2 * held + 1)) * UNITS
    if abs(rough - math.floor(rough) - 0.5) < _NEAR:
        return exact(held, total)
    return round(rough) / UNITS


def exact(held: int, total: int) -> float:
    """Return the same without the C library, slowly."""
    logarithm = _EXACT.ln(_EXACT.divide(Decimal(2 * total + 2), Decimal(2 * held + 1)))
    return round(_EXACT.multiply(logarithm, Decimal(UNITS))) / UNITS
