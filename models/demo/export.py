"""Write the trained network as a GGUF file and its card: `python -m models.demo.export RUN`.

A checkpoint and a tokenizer in, one file out, with the names that llama.cpp's `qwen3` graph
expects, the chat template, and matrices as Q8_0. It neither trains nor judges.
"""

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from store.digest import sha256_file, write_atomic

from ..errors import TrainingError
from ..profiles import profile
from .tokenizer import CONTROL, PRE_TOKENIZER, TAGS
from .train import read_checkpoint

HERE = Path(__file__).parent
FILE = "demo-researcher.gguf"
TEMPLATE = (
    "{% for message in messages %}<|im_start|>{{ message.role }}\n{{ message.content }}<|im_end|>\n"
    "{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n<think>\n{% endif %}"
)
_BLOCK_NAMES = {
    "attn_norm": "attn_norm", "ffn_norm": "ffn_norm", "q_norm": "attn_q_norm",
    "k_norm": "attn_k_norm", "q": "attn_q", "k": "attn_k", "v": "attn_v", "o": "attn_output",
    "gate": "ffn_gate", "up": "ffn_up", "down": "ffn_down",
}  # fmt: skip


def tensor_name(parameter: str) -> str:
    """Return a parameter's name in GGUF: `blocks.2.q.weight` is `blk.2.attn_q.weight`."""
    parts = parameter.split(".")
    if parts[0] == "embed":
        return "token_embd.weight"
    if parts[0] == "norm":
        return "output_norm.weight"
    return f"blk.{parts[1]}.{_BLOCK_NAMES[parts[2]]}.weight"


def export(run: Path, target: Path) -> int:
    """Write the run's checkpoint to `target` and return the number of parameters."""
    import gguf
    import numpy as np

    held = read_checkpoint(run)
    shape: dict[str, Any] = held["shape"]
    words = json.loads((run / "tokenizer.json").read_text("utf-8"))
    fresh = target.with_suffix(".new")
    writer = gguf.GGUFWriter(fresh, "qwen3")
    writer.add_name("demo-researcher")
    writer.add_description("A demonstration: it reads and copies, it knows nothing.")
    writer.add_license("Apache-2.0")
    writer.add_context_length(shape["context"])
    writer.add_embedding_length(shape["width"])
    writer.add_block_count(shape["layers"])
    writer.add_feed_forward_length(shape["hidden"])
    writer.add_head_count(shape["heads"])
    writer.add_head_count_kv(shape["kv_heads"])
    writer.add_key_length(shape["head_dim"])
    writer.add_value_length(shape["head_dim"])
    writer.add_layer_norm_rms_eps(shape["eps"])
    writer.add_rope_freq_base(shape["rope_base"])
    writer.add_vocab_size(shape["vocab"])
    writer.add_file_type(gguf.LlamaFileType.MOSTLY_Q8_0)
    _add_words(writer, gguf, words, shape["vocab"])
    parameters = 0
    for name, tensor in held["network"].items():
        values = tensor.float().numpy().astype(np.float32)
        parameters += values.size
        if values.ndim == 2:
            kind = gguf.GGMLQuantizationType.Q8_0
            writer.add_tensor(tensor_name(name), gguf.quantize(values, kind), raw_dtype=kind)
        else:
            writer.add_tensor(tensor_name(name), values)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    fresh.replace(target)
    return parameters


def _add_words(writer: Any, gguf: Any, words: dict[str, Any], size: int) -> None:
    """Add the vocabulary; places beyond it are filled with tokens that are never used."""
    kinds = gguf.TokenType
    placed = {number: (text, kinds.NORMAL) for text, number in words["model"]["vocab"].items()}
    for added in words["added_tokens"]:
        kind = kinds.CONTROL if added["content"] in CONTROL else kinds.USER_DEFINED
        placed[added["id"]] = (added["content"], kind)
    rows = [placed.get(number, (f"<|unused{number}|>", kinds.UNUSED)) for number in range(size)]
    ids = {text: number for number, (text, _) in enumerate(rows)}
    missing = [text for text in CONTROL + TAGS if text not in ids]
    if missing:
        raise ValueError(f"the tokenizer lacks {', '.join(missing)}; build it again")
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre(PRE_TOKENIZER)
    writer.add_token_list([text for text, _ in rows])
    writer.add_token_types([kind for _, kind in rows])
    writer.add_token_merges([" ".join(pair) for pair in words["model"]["merges"]])
    writer.add_eos_token_id(ids["<|im_end|>"])
    writer.add_eot_token_id(ids["<|im_end|>"])
    writer.add_pad_token_id(ids["<|endoftext|>"])
    writer.add_add_bos_token(False)
    writer.add_chat_template(TEMPLATE)


def card(run: Path, file: Path, parameters: int, scores: dict[str, object]) -> dict[str, object]:
    """Return what the registry and the reader must know of the file."""
    record = json.loads((run / "run.json").read_text("utf-8"))
    return {
        "name": "demo",
        "file": file.name,
        "sha256": sha256_file(file),
        "size": file.stat().st_size,
        "licence": "Apache-2.0",
        "source": "trained from nothing on invented traces by models/demo in this repository",
        "profile": "demo",
        "context": record["shape"]["context"],
        "notes": "a demonstration: it reads and copies, it knows nothing",
        "parameters": parameters,
        "seed": record["seed"],
        "training": {
            key: record.get(key)
            for key in ("step", "tokens", "minutes", "device", "threads", "recipe")
        },
        "turn_tokens": profile("demo").turn_tokens,
        "scores": scores,
    }


def main() -> None:
    """Read the command line, write the model and its card."""
    parser = argparse.ArgumentParser(description="Export a trained demo researcher to GGUF.")
    parser.add_argument("run", type=Path, help="the folder that models.demo.train wrote")
    parser.add_argument("--out", type=Path, default=HERE, help="where the GGUF and card.json go")
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    file = args.out / FILE
    try:
        parameters = export(args.run, file)
    except TrainingError as error:
        sys.exit(f"export: {error}")
    text = json.dumps(card(args.run, file, parameters, {}), indent=2) + "\n"
    write_atomic(args.out / "card.json", text.encode())
    print(f"{file}: {parameters:,} parameters, {file.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
