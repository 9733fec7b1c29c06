"""What searching needs of the models that `appliance index` has: made once, compared, installed.

Each is a folder below `encoders/` of the home that readers open without torch. It decides when one
has to be made anew: when the checkpoint is another, or the program writes another graph.
"""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from store.page import PageVersion

from .encoders.bge_m3 import BgeM3Encoder
from .encoders.checkpoint import weights_file
from .encoders.graph import Precision
from .encoders.installed import Card, folder_name, read_card
from .encoders.m3 import NAME, weights_digest
from .encoders.m3_query import M3QueryEncoder
from .encoders.ready import RERANKER, make_m3_query, make_reranker
from .errors import EncoderError
from .frozen import FrozenIndex
from .parity import measure, require, sample

ENCODERS = "encoders"
TEXTS = 32
"""Texts that parity is measured on."""
SOME = ("the length of the river", "who built the bridge", "多瑙河的长度", "3.14159")
"""Texts for an index that holds none."""

Said = Callable[[str], None]


def ensure_m3_query(
    home: Path,
    encoder: BgeM3Encoder,
    precision: Precision,
    index: FrozenIndex,
    text: Callable[[int], PageVersion],
    said: Said = lambda _: None,
) -> Card:
    """Return the card of the query side of `encoder`, which is made where it is not there.

    `text` gives the page version of an id; parity is measured on the first words of passages of
    `index`. Raises EncoderError when `fp32` comes out as another model, and installs nothing then.
    """
    target = home / ENCODERS / folder_name(NAME, precision)
    if (card := _present(target, encoder.weights)) is not None:
        return card
    said(f"making the query encoder of BGE-M3 ({precision}), once")
    texts = sample(_beginnings(index, text), TEXTS) or list(SOME)

    def check(folder: Path, _: Card) -> Mapping[str, Any]:
        parity = measure(encoder, M3QueryEncoder(folder), texts, index)
        if precision == "fp32":
            require(parity)
        return parity.to_json()

    return make_m3_query(encoder.folder, target, precision, encoder.weights, check)


def ensure_reranker(
    home: Path, source: Path, precision: Precision, said: Said = lambda _: None
) -> Card:
    """Return the card of the reranker made of the checkpoint in `source`.

    Raises EncoderError when the checkpoint is not whole.
    """
    target = home / ENCODERS / folder_name(RERANKER, precision)
    weights = weights_file(source)
    needed = [weights.name if weights else "model.safetensors", "config.json", "tokenizer.json"]
    if missing := [name for name in needed if not (source / name).is_file()]:
        raise EncoderError(
            f"The reranker's folder {source} lacks {', '.join(missing)}: copy the whole "
            "BAAI/bge-reranker-v2-m3 repository there, or set reranker to nothing."
        )
    digest = weights_digest(source, needed)
    if (card := _present(target, digest)) is not None:
        return card
    said(f"making the reranker ({precision}), once")
    return make_reranker(source, target, precision, digest, lambda folder, card: {})


def _present(target: Path, weights: str) -> Card | None:
    """Return the card of what is installed, if it was made of these weights by this program."""
    try:
        card = read_card(target)
    except EncoderError:
        return None
    return card if card.weights == weights else None


def _beginnings(index: FrozenIndex, text: Callable[[int], PageVersion]) -> Iterator[str]:
    """Yield the passages' texts, from all over the index in even steps."""
    pages = [row for row in range(index.pages) if index.page_passages(row)]
    step = max(1, len(pages) // (2 * TEXTS))
    for row in pages[::step]:
        start, end = index.span(index.page_passages(row).start)
        yield text(index.page(row).version_id).text[start:end].lstrip("# ")
