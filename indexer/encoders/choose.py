"""Which encoder this home can use: BGE-M3 when its folder is given, BM25 otherwise.

It looks at what is there and says why; it prints nothing and downloads nothing.
"""

from dataclasses import dataclass
from pathlib import Path

from .base import Encoder
from .lexical import LexicalEncoder


@dataclass(frozen=True, slots=True)
class Choice:
    """The encoder and one sentence on why, for the caller to show."""

    encoder: Encoder
    reason: str


def choose(bge_m3: Path | None = None, *, use_fp16: bool = False) -> Choice:
    """Return BGE-M3 from the folder `bge_m3` if it exists, else BM25.

    Raises EncoderError when the folder is there but incomplete or FlagEmbedding is missing:
    weights that somebody installed are not passed over in silence.
    """
    if bge_m3 is None or not bge_m3.is_dir():
        return Choice(LexicalEncoder(), "BM25: no BGE-M3 weights are installed in this home")
    from .bge_m3 import BgeM3Encoder

    return Choice(BgeM3Encoder(bge_m3, use_fp16=use_fp16), f"BGE-M3 from {bge_m3}")
