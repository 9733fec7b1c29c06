"""Which encoder is used: for indexing by what is installed, for searching by what built the index.

It looks at what is there and says why; it prints nothing and downloads nothing.
"""

from dataclasses import dataclass
from pathlib import Path

from ..errors import EncoderError, IndexStale
from .base import Encoder
from .installed import folder_name, installed
from .lexical import LexicalEncoder
from .m3 import NAME


@dataclass(frozen=True, slots=True)
class Choice:
    """The encoder and one sentence on why, for the caller to show."""

    encoder: Encoder
    reason: str


def choose(bge_m3: Path | None = None, *, device: str = "", use_fp16: bool = False) -> Choice:
    """Return what passages are encoded with: BGE-M3 from the folder `bge_m3` if it exists, else
    BM25.

    Raises EncoderError when the folder is there but incomplete or FlagEmbedding is missing:
    weights that somebody installed are not passed over in silence.
    """
    if bge_m3 is None or not bge_m3.is_dir():
        return Choice(LexicalEncoder(), "BM25: no BGE-M3 weights are installed in this home")
    from .bge_m3 import BgeM3Encoder

    encoder = BgeM3Encoder(bge_m3, device=device, use_fp16=use_fp16)
    return Choice(encoder, f"BGE-M3 from {bge_m3}")


def choose_reader(
    encoders: Path,
    built: dict[str, str],
    precision: str = "fp32",
    wanted: str = "",
    asked: str = "",
) -> Choice:
    """Return what queries of an index are encoded with; `built` is what its manifest says.

    `encoders` is the folder of the models made ready; `wanted` is `bm25` or `bge-m3` where the
    settings insist, and `asked` how they say it (a folder means BGE-M3). Raises IndexStale when
    the index was built with another encoder, EncoderError when BGE-M3's query side is not there.
    """
    if wanted and wanted != built["name"]:
        raise IndexStale(
            f"The index was built with {built['name']} and the settings ask for "
            f"{asked or wanted}: run appliance index with that encoder, or set encoder to auto."
        )
    if built["name"] != NAME:
        return Choice(LexicalEncoder(), "BM25, which built the index")
    folder = encoders / folder_name(NAME, precision)
    if not folder.is_dir():
        there = [path.name for path in installed(encoders) if path.name.startswith(f"{NAME}-")]
        other = f", though {' and '.join(there)} is" if there else ""
        raise EncoderError(
            f"The index was built with BGE-M3, and {folder} for its queries is not there{other}: "
            "run appliance index where the BGE-M3 folder is, or set query_precision."
        )
    from .m3_query import M3QueryEncoder

    encoder = M3QueryEncoder(folder, built["digest"])
    if encoder.digest != built["digest"]:
        raise IndexStale(
            f"The index was built with other BGE-M3 weights than {folder} was made of: run "
            "appliance index, which makes both fit."
        )
    encoder.begin()
    reason = f"BGE-M3 {precision} in ONNX Runtime, for the BGE-M3 index"
    if asked not in ("", "auto", NAME):
        # Telling whether the index is of these weights takes reading gigabytes at each search.
        reason += f" (the folder {asked} is read by appliance index alone)"
    return Choice(encoder, reason)
