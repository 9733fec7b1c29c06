"""How fast a model is on this machine: tokens a second for reading and for writing.

It measures one engine and judges nothing. The text is plain words, so the figures hold for any
model; the caller keeps them (`speed.json`) to say beforehand how long a question may take.
"""

import time
from collections.abc import Mapping

from .engine import Engine, Sampling

_WORDS = "The river rises in the hills and reaches the sea after many towns and bridges. "


def bench(engine: Engine, prompt_tokens: int = 256, new_tokens: int = 32) -> Mapping[str, object]:
    """Return prefill and decode speed (tokens/s), the sizes measured, and the load time (s).

    A model that ends its text early is asked again until `new_tokens` were sampled, at most as
    many times as there are tokens.
    """
    started = time.monotonic()
    session = engine.open()
    loaded = time.monotonic()
    try:
        per_line = max(1, session.count(_WORDS, trusted=False))
        room = max(1, min(prompt_tokens, session.capacity - new_tokens - 8))
        session.append(_WORDS * max(1, room // per_line), trusted=False)
        first = session.generate(1, sampling=Sampling(temperature=0))
        sampled, seconds = 0, 0.0
        for _ in range(new_tokens):
            if sampled >= new_tokens:
                break
            after = session.checkpoint()
            more = session.generate(new_tokens + 1 - sampled, sampling=Sampling(temperature=0))
            sampled += max(1, more.decoded)
            seconds += more.decode_seconds
            session.rollback(after)
    finally:
        session.close()
    return {
        "prefill_tokens_per_second": round(first.prefilled / max(first.prefill_seconds, 1e-9), 1),
        "decode_tokens_per_second": round(sampled / max(seconds, 1e-9), 1),
        "prompt_tokens": first.prefilled,
        "new_tokens": sampled,
        "load_seconds": round(loaded - started, 3),
    }
