"""Does this build of llama.cpp compute at all? `python -m models.verify_build` tries it.

A build for the wrong CPU crashes at its first quantized product (the default flags do, on CPUs
with AMX), so everything runs in a child process: random weights are written, quantized to Q4_K
and Q8_0, and 32 tokens are read and 32 generated with each. It measures no speed or quality.
"""

import ctypes
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

from .errors import EngineError, ModelError
from .llama.process import module_command

TOKENS = 32
TYPES = {"Q4_K": "LLAMA_FTYPE_MOSTLY_Q4_K_S", "Q8_0": "LLAMA_FTYPE_MOSTLY_Q8_0"}


def verify_build() -> str:
    """Return one line that says what worked; EngineError when the child failed or crashed."""
    command, environment = module_command("models.verify_build", "--child")
    done = subprocess.run(command, env=environment, capture_output=True, check=False)
    said = done.stdout.decode("utf-8", "replace").strip()
    if done.returncode == 0:
        return said
    if done.returncode < 0:
        said = f"it crashed with {signal.Signals(-done.returncode).name}"
    elif not said:
        said = done.stderr.decode("utf-8", "replace").strip().rpartition("\n")[2]
    raise EngineError(
        f"this build of llama.cpp does not work on this machine ({said}); rebuild the wheel with "
        "GGML_NATIVE=OFF: run: make clean setup"
    )


def try_build() -> str:
    """Quantize and decode here and now; a broken build ends the process."""
    from .llama.context import Context, Weights
    from .llama.library import library, versions
    from .llama.options import LlamaOptions
    from .llama.session import TokenSession
    from .llama.tiny import write_tiny
    from .llama.tokens import Tokens
    from .profiles import Sampling

    lib = library()
    with tempfile.TemporaryDirectory() as folder:
        plain = write_tiny(Path(folder) / "plain.gguf")
        for name, kind in TYPES.items():
            file = Path(folder) / f"{name}.gguf"
            params = lib.llama_model_quantize_default_params()
            params.ftype = getattr(lib, kind)
            params.nthread = 1
            code = lib.llama_model_quantize(
                str(plain).encode(), str(file).encode(), ctypes.byref(params)
            )
            if code != 0:
                raise EngineError(f"llama.cpp could not quantize to {name}; run: make clean setup")
            weights = Weights(file)
            context = Context(weights, LlamaOptions(context=256, threads=2))
            session = TokenSession(context, Tokens(weights.vocabulary))
            session.append("a" * TOKENS, trusted=False)
            decoded = 0
            while decoded < TOKENS:
                completion = session.generate(
                    TOKENS, [], Sampling(presence_penalty=0.0), seed=decoded
                )
                decoded += completion.tokens
            context.close()
            weights.close()
    versions_ = versions()
    return (
        f"llama.cpp {versions_['llama_cpp']} (llama-cpp-python {versions_['llama_cpp_python']}) "
        f"read and generated {TOKENS} tokens with {' and '.join(TYPES)} weights"
    )


def main() -> int:
    """Print the line, or one sentence on stderr with exit code 1."""
    child = sys.argv[1:] == ["--child"]
    try:
        print(try_build() if child else verify_build())
    except ModelError as error:
        print(error, file=sys.stdout if child else sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
