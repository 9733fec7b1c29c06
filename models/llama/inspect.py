"""What a GGUF file holds and whether it runs, tried in a process of its own, which it may end.

`python -m models.llama.inspect FILE` prints the facts as JSON, or one sentence and exit code 1.
The header is read without llama.cpp first, so that what is wrong can be named; then the model is
loaded, reads a few tokens and forgets them again, as a session will want it to.
"""

import array
import json
import math
import os
import sys
from pathlib import Path
from typing import Any

from ..errors import EngineError, ModelError, ModelFileError
from ..gguf import Header, read_header
from .library import library, versions

NO_TOKENIZER = ("", "none", "no_vocab")
_TRIAL = 4
"""Tokens that the trial reads."""
_ERROR = 4
"""The level of a message of ggml that tells of an error."""


def check_kind(header: Header, file: Path) -> None:
    """Raise ModelFileError unless the header is that of one whole language model."""
    parts = header.number("split.count")
    if parts > 1:
        raise ModelFileError(
            f"{file.name} is one of {parts} parts of a model; join them with "
            "llama-gguf-split --merge and import the result"
        )
    kind = header.text("general.type")
    if kind not in ("", "model"):
        raise ModelFileError(
            f"{file.name} holds no model but a part of the kind {kind!r}; give the file of the "
            "model itself"
        )
    architecture = header.text("general.architecture")
    causal = header.fields.get(f"{architecture}.attention.causal", True)
    if causal is False or header.number(f"{architecture}.pooling_type"):
        raise ModelFileError(
            f"{file.name} is an embedding model, which turns text into vectors and writes none; "
            "give the file of a chat model"
        )
    if not architecture:
        raise ModelFileError(
            f"{file.name} does not name its architecture; convert the model to GGUF again"
        )
    if header.text("tokenizer.ggml.model") in NO_TOKENIZER or not header.arrays.get(
        "tokenizer.ggml.tokens"
    ):
        raise ModelFileError(
            f"{file.name} has no tokenizer; convert the model again together with its tokenizer"
        )


def facts(file: Path) -> dict[str, object]:
    """Return the model's facts; ModelFileError when llama.cpp cannot load or run it."""
    from .context import Weights
    from .tokens import Tokens

    header = read_header(file)
    check_kind(header, file)
    lines = _listen(library())
    try:
        weights = Weights(file)
    except ModelFileError:
        raise ModelFileError(_why(lines, header, file)) from None
    tokens = Tokens(weights.vocabulary)
    _try(weights, tokens, file)
    vocabulary = weights.vocabulary
    return {
        **weights.facts(),
        "tags": sorted(tokens.decode([token]) for token in tokens.guarded),
        "template": header.text("tokenizer.chat_template"),
        "bos": tokens.name(int(library().llama_vocab_bos(vocabulary))),
        "eos": tokens.name(int(library().llama_vocab_eos(vocabulary))),
        "adds_bos": tokens.first >= 0,
        "name": header.text("general.name") or header.text("general.basename"),
        "licence": header.text("general.license") or header.text("general.license.name"),
    }


def _try(weights: Any, tokens: Any, file: Path) -> None:
    """Read a few tokens and forget all but one."""
    from .context import Context
    from .options import LlamaOptions

    options = LlamaOptions(context=256, batch=64, micro_batch=64)
    context = Context(weights, options.settled(file.stat().st_size))
    try:
        ids = (tokens.encode("One two three four.", trusted=False) or [0])[:_TRIAL]
        context.evaluate(ids, 0)
        logits = array.array("f", context.logits())
        if not all(map(math.isfinite, logits)) or min(logits) == max(logits):
            raise ModelFileError(
                f"{file.name} computes nothing that could be a word; download the file again or "
                "choose another model"
            )
        context.forget(1)
    except EngineError as error:
        raise ModelFileError(f"{file.name} cannot be used: {error}") from None
    finally:
        context.close()


def _listen(lib: Any) -> list[str]:
    """Keep the errors that llama.cpp tells of from now on."""
    lines: list[str] = []

    @lib.llama_log_callback  # type: ignore[untyped-decorator]
    def hear(level: int, text: bytes, _: object) -> None:
        if level == _ERROR:
            lines.append(text.decode("utf-8", "replace"))

    lib.llama_log_set(hear, None)
    lib._appliance_hear = hear  # ctypes keeps no reference of its own
    return lines


def _why(lines: list[str], header: Header, file: Path) -> str:
    """The sentence for a file that llama.cpp refused, by what it said."""
    if any("unknown model architecture" in line for line in lines):
        return (
            f"{file.name} is of the architecture {header.text('general.architecture')!r}, which "
            f"llama.cpp {versions()['llama_cpp']} cannot load; choose a model of another "
            "architecture or a newer release of the appliance"
        )
    if any("tokenizer" in line or "vocab" in line for line in lines):
        return (
            f"{file.name} has a tokenizer that llama.cpp {versions()['llama_cpp']} cannot load; "
            "convert the model again or use a newer release of the appliance"
        )
    return (
        f"{file.name} is truncated or corrupt, or of a kind that llama.cpp does not know; "
        "download the file again"
    )


def main() -> int:
    """Print the facts of the file named on the command line."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    try:
        print(json.dumps(facts(Path(sys.argv[1]))), file=answers)
    except ModelError as error:
        print(error, file=answers)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
