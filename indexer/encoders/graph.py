"""An XLM-RoBERTa with its heads as an ONNX graph, written tensor by tensor, without torch.

The graph reads one text at a time, so it needs no padding and no mask, and what it gives for a
text never depends on other texts. It is cut between two layers into two files, which a process
loads side by side. Weights lie beside them as external data, each at the beginning of a page, so
that a process maps them. `int8` holds matrices as 8-bit integers, scaled by
column; of their range a half is used, so that sums of products fit what every processor's
instructions hold and no integer result depends on them.

XLM-RoBERTa: Conneau et al., "Unsupervised Cross-lingual Representation Learning at Scale" (2020).
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Literal

from ..errors import EncoderError
from .checkpoint import Tensors

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Precision = Literal["fp32", "int8"]
FRONT, BACK, DATA = "front.onnx", "back.onnx", "model.bin"
GRAPHS = (FRONT, BACK)
STATE = "state"
"""What the first half hands to the second."""
OPSET, IR = 20, 9
PAGE = 4096
LEVELS = 63
"""The largest 8-bit weight. 2 · 255 · 63 stays below 2¹⁵, where instructions of older processors
saturate, so that sums are exact everywhere."""
ROWS = 16_384
"""Rows of a table that are quantised at once."""
VERSION = "xlm-roberta-graph-2"


@dataclass(frozen=True, slots=True)
class Shape:
    """The sizes of an XLM-RoBERTa."""

    vocabulary: int
    positions: int
    hidden: int
    layers: int
    heads: int
    inner: int
    epsilon: float
    pad: int

    @classmethod
    def of(cls, config: Mapping[str, Any]) -> "Shape":
        """Read `config.json`; EncoderError when it is another architecture."""
        kind, act = config.get("model_type"), config.get("hidden_act", "gelu")
        place = config.get("position_embedding_type", "absolute")
        if kind != "xlm-roberta" or act != "gelu" or place != "absolute":
            raise EncoderError(
                f"config.json says {kind!r} with {act!r} and {place!r} positions: give the folder "
                "of an XLM-RoBERTa with gelu and absolute positions, as BGE-M3 is."
            )
        return cls(
            int(config["vocab_size"]),
            int(config["max_position_embeddings"]),
            int(config["hidden_size"]),
            int(config["num_hidden_layers"]),
            int(config["num_attention_heads"]),
            int(config["intermediate_size"]),
            float(config.get("layer_norm_eps", 1e-5)),
            int(config.get("pad_token_id", 1)),
        )

    def tensors(self) -> dict[str, tuple[int, ...]]:
        """The tensors that a checkpoint must hold, with their shapes."""
        h, needed = self.hidden, dict[str, tuple[int, ...]]()
        needed["embeddings.word_embeddings.weight"] = (self.vocabulary, h)
        needed["embeddings.position_embeddings.weight"] = (self.positions, h)
        needed |= _both("embeddings.LayerNorm", (h,))
        for layer in range(self.layers):
            at = f"encoder.layer.{layer}."
            for name in ("self.query", "self.key", "self.value", "output.dense"):
                needed |= _both(f"{at}attention.{name}", (h, h))
            needed |= _both(f"{at}attention.output.LayerNorm", (h,))
            needed |= _both(f"{at}intermediate.dense", (self.inner, h))
            needed |= _both(f"{at}output.dense", (h, self.inner))
            needed |= _both(f"{at}output.LayerNorm", (h,))
        return needed


def _both(name: str, shape: tuple[int, ...]) -> dict[str, tuple[int, ...]]:
    return {f"{name}.weight": shape, f"{name}.bias": shape[:1]}


def trunk(tensors: Tensors, shape: Shape, folder: Path) -> Tensors:
    """Return the encoder's tensors by their plain names, all of them and in the right shapes.

    Raises EncoderError when one is missing, which libraries fill with random numbers, or is
    of another shape.
    """
    found = {name.removeprefix("roberta."): read for name, read in tensors.items()}
    for name, wanted in shape.tensors().items():
        if name not in found:
            raise EncoderError(f"The weights in {folder} lack {name}: copy the checkpoint again.")
        if found[name]().shape != wanted:
            raise EncoderError(
                f"The weights in {folder} and its config.json differ about {name}: copy both from "
                "the same checkpoint."
            )
    return found


def write_encoder(
    folder: Path, tensors: Tensors, shape: Shape, heads: Tensors, precision: Precision
) -> None:
    """Write a graph from `ids` and `places` (int64, one text) to `first` (the first token's state)
    and `weights` (one a token, the sparse head).
    """
    with _Writer(folder, precision) as graph:
        state = _states(graph, tensors, shape)
        graph.add("Gather", [state, graph.whole("row0", [0])], "first_row", axis=0)
        graph.add("Reshape", ["first_row", graph.whole("flat", [-1])], "first")
        # A sum rather than a product with a matrix of one column, whose bits would depend on how
        # ONNX Runtime packs matrices.
        weight = graph.keep("sparse.weight", heads["weight"]().reshape(1, -1))
        graph.add("Mul", [state, weight], "sparse.products")
        graph.add("ReduceSum", ["sparse.products", graph.whole("last", [-1])], "sparse.sums")
        graph.add("Add", ["sparse.sums", graph.keep("sparse.bias", heads["bias"]())], "sparse")
        graph.add("Relu", ["sparse"], "positive")
        graph.add("Reshape", ["positive", graph.whole("flat", [-1])], "weights")
        graph.save({"first": [shape.hidden], "weights": ["tokens"]})


def write_pair_scorer(
    folder: Path, tensors: Tensors, shape: Shape, heads: Tensors, precision: Precision
) -> None:
    """Write a graph from `ids` and `places` of a pair of texts to `score`, a logit."""
    with _Writer(folder, precision) as graph:
        state = _states(graph, tensors, shape)
        graph.add("Gather", [state, graph.whole("row0", [0])], "first_row", axis=0)
        for name, made in (("dense", "inner"), ("out_proj", "score_row")):
            weight = graph.keep(f"{name}.weight", heads[f"classifier.{name}.weight"]().T)
            bias = graph.keep(f"{name}.bias", heads[f"classifier.{name}.bias"]())
            graph.add("Gemm", ["first_row" if name == "dense" else "bent", weight, bias], made)
            if name == "dense":
                graph.add("Tanh", [made], "bent")
        graph.add("Reshape", ["score_row", graph.whole("flat", [-1])], "score")
        graph.save({"score": [1]})


def _states(graph: "_Writer", tensors: Tensors, shape: Shape) -> str:
    """Add the transformer and return the name of its last states (tokens, hidden)."""
    h, depth = shape.hidden, shape.hidden // shape.heads
    places = tensors["embeddings.position_embeddings.weight"]()
    # Every text is of type 0, so the vector of that type goes into the positions.
    if "embeddings.token_type_embeddings.weight" in tensors:
        places = places + tensors["embeddings.token_type_embeddings.weight"]()[:1]
    word = graph.lookup("word", tensors["embeddings.word_embeddings.weight"](), "ids")
    graph.add("Gather", [graph.keep("place", places), "places"], "placed", axis=0)
    graph.add("Add", [word, "placed"], "embedded")
    state = graph.norm("embeddings.LayerNorm", "embedded", tensors, shape)
    for layer in range(shape.layers):
        if layer == shape.layers // 2:
            state = graph.cut(state, h)
        split = graph.whole("split", [-1, 3, shape.heads, depth])
        whole = graph.whole("whole", [-1, h])
        at, name = f"encoder.layer.{layer}.", f"l{layer}"
        joined = _joined(tensors, f"{at}attention.self.", depth)
        graph.linear(f"{name}.qkv", state, *joined)
        graph.add("Reshape", [f"{name}.qkv", split], f"{name}.parts")
        graph.add("Transpose", [f"{name}.parts"], f"{name}.turned", perm=[1, 2, 0, 3])
        q, k, v = (f"{name}.{part}" for part in "qkv")
        for number, part in enumerate((q, k, v)):
            graph.add("Gather", [f"{name}.turned", graph.scalar(number)], part, axis=0)
        graph.add("Transpose", [k], f"{k}t", perm=[0, 2, 1])
        graph.add("MatMul", [q, f"{k}t"], f"{name}.scores")
        graph.add("Softmax", [f"{name}.scores"], f"{name}.shares", axis=-1)
        graph.add("MatMul", [f"{name}.shares", v], f"{name}.mixed")
        graph.add("Transpose", [f"{name}.mixed"], f"{name}.back", perm=[1, 0, 2])
        graph.add("Reshape", [f"{name}.back", whole], f"{name}.context")
        graph.dense(f"{at}attention.output.dense", f"{name}.context", tensors, f"{name}.attended")
        graph.add("Add", [f"{name}.attended", state], f"{name}.sum1")
        middle = graph.norm(f"{at}attention.output.LayerNorm", f"{name}.sum1", tensors, shape)
        graph.dense(f"{at}intermediate.dense", middle, tensors, f"{name}.wide")
        graph.add("Gelu", [f"{name}.wide"], f"{name}.bent")
        graph.dense(f"{at}output.dense", f"{name}.bent", tensors, f"{name}.narrow")
        graph.add("Add", [f"{name}.narrow", middle], f"{name}.sum2")
        state = graph.norm(f"{at}output.LayerNorm", f"{name}.sum2", tensors, shape)
    return state


def _joined(
    tensors: Tensors, at: str, depth: int
) -> tuple["NDArray[np.float32]", "NDArray[np.float32]"]:
    """Return query, key and value as one matrix (in, 3 · out) and bias, the query scaled."""
    import numpy as np

    scale = np.float32(depth**-0.5)
    names = ("query", "key", "value")
    matrices = [tensors[f"{at}{name}.weight"]().T for name in names]
    biases = [tensors[f"{at}{name}.bias"]() for name in names]
    matrices[0], biases[0] = matrices[0] * scale, biases[0] * scale
    return np.concatenate(matrices, axis=1), np.concatenate(biases)


def quantised(
    matrix: "NDArray[np.float32]", axis: int
) -> tuple["NDArray[np.int8]", "NDArray[np.float32]"]:
    """Return 8-bit integers and one scale for each row (`axis` 1) or column (`axis` 0)."""
    import numpy as np

    if axis == 1 and len(matrix) > ROWS:  # the table of words is a gigabyte
        parts = [quantised(matrix[at : at + ROWS], 1) for at in range(0, len(matrix), ROWS)]
        return np.concatenate([p for p, _ in parts]), np.concatenate([s for _, s in parts])
    most = np.abs(matrix).max(axis=axis)
    scale = np.where(most > 0, most / LEVELS, 1).astype(np.float32)
    whole = np.rint(matrix / np.expand_dims(scale, axis))
    return np.clip(whole, -LEVELS, LEVELS).astype(np.int8), scale


class _Writer:
    """Collects nodes, and writes tensors to the data file as they come."""

    def __init__(self, folder: Path, precision: Precision) -> None:
        self._folder = folder
        self._precision = precision
        self._nodes: list[Any] = []
        self._kept: dict[str, Any] = {}
        self._inputs: dict[str, tuple[str, list[int | str]]] = {
            "ids": ("INT64", ["tokens"]),
            "places": ("INT64", ["tokens"]),
        }

    def __enter__(self) -> "_Writer":
        self._file: BinaryIO = (self._folder / DATA).open("wb")
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def add(self, kind: str, inputs: list[str], output: str, domain: str = "", **more: Any) -> None:
        """Add a node that is named after its output."""
        from onnx import helper

        self._nodes.append(
            helper.make_node(kind, inputs, [output], name=output, domain=domain, **more)
        )

    def whole(self, name: str, values: list[int]) -> str:
        """Keep a small list of whole numbers in the graph itself."""
        import numpy as np
        from onnx import numpy_helper

        self._kept.setdefault(name, numpy_helper.from_array(np.array(values, np.int64), name))
        return name

    def scalar(self, value: int) -> str:
        """Keep one whole number."""
        import numpy as np
        from onnx import numpy_helper

        name = f"number{value}"
        self._kept.setdefault(name, numpy_helper.from_array(np.array(value, np.int64), name))
        return name

    def keep(self, name: str, values: Any) -> str:
        """Write a tensor to the data file and return its name."""
        import numpy as np
        from onnx import TensorProto, helper

        values = np.ascontiguousarray(values)
        self._file.write(bytes(-self._file.tell() % PAGE))
        start = self._file.tell()
        self._file.write(values.data)
        tensor = TensorProto(
            name=name, data_type=helper.np_dtype_to_tensor_dtype(values.dtype), dims=values.shape
        )
        tensor.data_location = TensorProto.EXTERNAL
        for key, value in (("location", DATA), ("offset", start), ("length", values.nbytes)):
            tensor.external_data.add(key=key, value=str(value))
        self._kept[name] = tensor
        return name

    def lookup(self, name: str, table: "NDArray[np.float32]", ids: str) -> str:
        """Add the look-up of rows of a table and return the name of the rows."""
        from onnx import TensorProto

        if self._precision == "fp32":
            self.add("Gather", [self.keep(name, table), ids], f"{name}.rows", axis=0)
            return f"{name}.rows"
        rows, scale = quantised(table, 1)
        self.add("Gather", [self.keep(name, rows), ids], f"{name}.small", axis=0)
        self.add("Gather", [self.keep(f"{name}.scale", scale[:, None]), ids], f"{name}.unit")
        self.add("Cast", [f"{name}.small"], f"{name}.wide", to=TensorProto.FLOAT)
        self.add("Mul", [f"{name}.wide", f"{name}.unit"], f"{name}.rows")
        return f"{name}.rows"

    def linear(
        self, output: str, given: str, matrix: "NDArray[np.float32]", bias: "NDArray[np.float32]"
    ) -> None:
        """Add a matrix (in, out) and its bias."""
        held = self.keep(f"{output}.bias", bias)
        if self._precision == "fp32":
            self.add("Gemm", [given, self.keep(f"{output}.weight", matrix), held], output)
            return
        small, scale = quantised(matrix, 0)
        inputs = [given, self.keep(f"{output}.weight", small), self.keep(f"{output}.unit", scale)]
        self.add(
            "DynamicQuantizeMatMul", [*inputs, "", held], output, domain="com.microsoft"
        )  # fmt: skip

    def dense(self, name: str, given: str, tensors: Tensors, output: str) -> None:
        """Add a layer of the checkpoint, whose matrix is stored (out, in)."""
        self.linear(output, given, tensors[f"{name}.weight"]().T, tensors[f"{name}.bias"]())

    def norm(self, name: str, given: str, tensors: Tensors, shape: Shape) -> str:
        """Add a layer normalisation and return the name of what it gives."""
        weight = self.keep(f"{name}.weight", tensors[f"{name}.weight"]())
        bias = self.keep(f"{name}.bias", tensors[f"{name}.bias"]())
        self.add(
            "LayerNormalization", [given, weight, bias], f"{name}.out", epsilon=shape.epsilon
        )  # fmt: skip
        return f"{name}.out"

    def cut(self, state: str, hidden: int) -> str:
        """End the first half with `state` (tokens, hidden) and return its name in the second."""
        self.add("Identity", [state], STATE)
        self._save(FRONT, {STATE: ["tokens", hidden]})
        self._nodes, self._kept = [], {}
        self._inputs = {STATE: ("FLOAT", ["tokens", hidden])}
        return STATE

    def save(self, outputs: Mapping[str, list[int | str]]) -> None:
        """End the second half, and see the data to the disk."""
        self._save(BACK, outputs)
        self._file.flush()
        os.fsync(self._file.fileno())

    def _save(self, file: str, outputs: Mapping[str, list[int | str]]) -> None:
        from onnx import TensorProto, helper

        inputs = [
            helper.make_tensor_value_info(name, getattr(TensorProto, kind), size)
            for name, (kind, size) in self._inputs.items()
        ]
        found = [
            helper.make_tensor_value_info(name, TensorProto.FLOAT, size)
            for name, size in outputs.items()
        ]
        kept = list(self._kept.values())
        graph = helper.make_graph(self._nodes, "xlm-roberta", inputs, found, kept)
        opsets = [helper.make_opsetid("", OPSET), helper.make_opsetid("com.microsoft", 1)]
        model = helper.make_model(graph, opset_imports=opsets, ir_version=IR, producer_name=VERSION)
        with (self._folder / file).open("wb") as opened:
            opened.write(model.SerializeToString(deterministic=True))
            opened.flush()
            os.fsync(opened.fileno())
