"""A graph in ONNX Runtime with its tokenizer: token ids to arrays, one text at a time.

The two halves of the graph are loaded by a thread each, for loading packs gigabytes of matrices.

Settings are fixed, so that equal ids give equal bits in every process of a machine: two threads
(how many does not change a bit, only the time), no optimisation at load, matrices packed always,
for a packed product rounds otherwise than an unpacked one. It imports no torch and knows neither
queries nor passages.
"""

import ctypes
import os
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Any

from ..errors import EncoderError
from .graph import BACK, FRONT, GRAPHS, STATE
from .installed import TOKENIZER, Card, read_card

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

THREADS = 2
LIBRARIES = ("onnxruntime", "tokenizers")
EXTRA = "pip install 'deep-research-appliance[query]'"


def missing() -> list[str]:
    """Return the libraries of the `query` extra that are not installed."""
    return [name for name in LIBRARIES if find_spec(name) is None]


class OnnxModel:
    """A folder that `installed` describes. Loading begins with `begin`, or with the first use."""

    def __init__(self, folder: Path) -> None:
        """Raises EncoderError when files or the `query` extra are missing."""
        self.folder = folder
        self.card: Card = read_card(folder)
        if lacking := missing():
            raise EncoderError(
                f"{self.card.name} needs {' and '.join(lacking)} to read queries: run {EXTRA}."
            )
        self._loaders: list[Thread] = []
        self._loaded: dict[str, Any] = {}
        self._failed: list[Exception] = []

    def begin(self) -> None:
        """Load the graph in threads of its own while the caller opens other things."""
        if not self._loaders:
            # No daemons: a process that ends while they load would be aborted, not ended.
            self._loaders = [Thread(target=self._load, args=(name,)) for name in GRAPHS]
            for loader in self._loaders:
                loader.start()

    def _load(self, name: str) -> None:
        try:
            import onnxruntime as ort

            options = ort.SessionOptions()
            options.intra_op_num_threads = THREADS
            options.inter_op_num_threads = 1
            options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
            options.log_severity_level = 3
            # Waiting threads would take the processor from whatever runs beside the search.
            options.add_session_config_entry("session.intra_op.allow_spinning", "0")
            self._loaded[name] = ort.InferenceSession(
                str(self.folder / name), options, providers=["CPUExecutionProvider"]
            )
        except Exception as error:  # shown by whoever asks for the sessions
            self._failed.append(error)

    @property
    def sessions(self) -> tuple[Any, Any]:
        """The ONNX Runtime sessions of both halves; EncoderError when one does not load."""
        self.begin()
        for loader in self._loaders:
            loader.join()
        if self._failed:
            raise EncoderError(
                f"The graph in {self.folder} does not load ({self._failed[0]}): run appliance "
                "verify, and appliance index where the checkpoint is."
            ) from self._failed[0]
        return self._loaded[FRONT], self._loaded[BACK]

    @cached_property
    def tokenizer(self) -> Any:
        """The tokenizer, without limits of its own."""
        os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
        self.begin()
        from tokenizers import Tokenizer

        try:
            tokenizer = Tokenizer.from_file(str(self.folder / TOKENIZER))
        except Exception as error:
            raise EncoderError(
                f"{self.folder / TOKENIZER} does not load ({error}): run appliance index where the "
                "checkpoint is."
            ) from error
        tokenizer.no_padding()
        tokenizer.no_truncation()
        # A process has few of them and keeps them: to free a vocabulary of 250,000 words takes a
        # third of a second, for which whoever asked would wait at the end.
        ctypes.pythonapi.Py_IncRef(ctypes.py_object(tokenizer))
        return tokenizer

    def run(self, ids: list[int]) -> "list[NDArray[np.float32]]":
        """Return the graph's outputs for one text, in their order."""
        import numpy as np

        given = np.array(ids, dtype=np.int64)
        # As XLM-RoBERTa counts: from one behind the padding token's id, which has no place.
        real = given != self.card.pad
        places = np.cumsum(real) * real + self.card.pad
        front, back = self.sessions
        (state,) = front.run(None, {"ids": given, "places": places})
        found: list[NDArray[np.float32]] = back.run(None, {STATE: state})
        return found
