"""What a GGUF file holds, read in a process of its own, because a corrupt one may end it.

`python -m models.llama.inspect FILE` prints the facts as JSON, or one sentence and exit code 1.
No tensor is read, but that each lies inside the file is checked.
"""

import json
import os
import struct
import sys
from pathlib import Path

from ..errors import ModelError, ModelFileError
from .library import library

MAGIC = b"GGUF"
VERSIONS = (2, 3)


def check_header(file: Path) -> None:
    """Raise ModelFileError unless the file begins as a GGUF file does."""
    try:
        with file.open("rb") as stream:
            head = stream.read(24)
    except OSError as error:
        raise ModelFileError(
            f"{file} cannot be read ({error.strerror}); give the path of a GGUF file"
        ) from error
    if not head:
        raise ModelFileError(f"{file.name} is empty; download the file again")
    if head[:4] != MAGIC:
        raise ModelFileError(
            f"{file.name} is not a GGUF file (it begins with {head[:4]!r}); convert the model to "
            "GGUF or give the right file"
        )
    if len(head) < 24:
        raise ModelFileError(f"{file.name} ends inside its header; download the file again")
    version, tensors, _ = struct.unpack("<IQQ", head[4:])
    if version not in VERSIONS or tensors == 0:
        raise ModelFileError(
            f"{file.name} has a broken header (version {version}, {tensors} tensors); "
            "download the file again"
        )


def facts(file: Path) -> dict[str, object]:
    """Return the model's facts; ModelFileError when llama.cpp cannot load what the file says."""
    from .context import Weights
    from .tokens import Tokens

    check_header(file)
    library()
    try:
        weights = Weights(file, vocabulary_only=True)
    except ModelFileError:
        raise ModelFileError(
            f"{file.name} is truncated or corrupt, or of a kind that llama.cpp does not know; "
            "download the file again"
        ) from None
    found = weights.facts()
    tokens = Tokens(weights.vocabulary)
    return {**found, "tags": sorted(tokens.decode([token]) for token in tokens.guarded)}


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
