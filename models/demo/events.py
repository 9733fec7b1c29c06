"""Any event or figure of a thing, in the shares that the training wants.

Words are drawn at random, many of them invented, so that nothing but reading helps. This module
knows nothing of pages or traces.
"""

import random

from .event import Event
from .figures import measure, named, number
from .happenings import happening, occurrence, related
from .loosely import loose_event
from .names import chance, is_loose

_SHARES = (
    (0.4, happening), (0.12, occurrence), (0.16, measure), (0.1, number), (0.17, named),
    (0.05, related),
)  # fmt: skip


def event(rng: random.Random, about: str) -> Event:
    """Invent one event, or one figure, of the thing called `about` (with its article)."""
    if is_loose(rng) and chance(rng, 0.35):
        return loose_event(rng, about)
    draw = rng.random()
    for share, make in _SHARES:
        if draw < share:
            return make(rng, about)
        draw -= share
    return happening(rng, about)
