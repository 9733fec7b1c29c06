"""The door to llama.cpp: the low-level module of llama-cpp-python and nothing else of it.

It knows no models and no contexts. The package's own `__init__` would import its high-level
classes with their template engine and disk cache, which the appliance does not use, so the
package is entered as a bare folder. Only a worker process should call this: a failed assertion
in the library aborts the process.
"""

import ctypes
import importlib
import importlib.metadata
import importlib.util
import sys
import types
from functools import cache
from typing import Any

from ..errors import EngineError

PACKAGE = "llama_cpp"


@cache
def library() -> Any:
    """Return the module `llama_cpp.llama_cpp`, its backend initialised; EngineError without it."""
    if PACKAGE not in sys.modules:
        spec = importlib.util.find_spec(PACKAGE)
        if spec is None or spec.submodule_search_locations is None:
            raise EngineError("llama-cpp-python is not installed; run: make setup")
        package = types.ModuleType(PACKAGE)
        package.__path__ = list(spec.submodule_search_locations)
        package.__spec__ = spec  # who looks for the package later finds it still
        sys.modules[PACKAGE] = package
    try:
        module = importlib.import_module(f"{PACKAGE}.llama_cpp")
    except (OSError, RuntimeError) as error:
        raise EngineError(
            f"the llama.cpp library cannot be loaded ({error}); run: make setup"
        ) from error
    module.llama_backend_init()
    return module


def versions() -> dict[str, str]:
    """Return the versions of llama.cpp and its binding, and the CPU features of the build."""
    lib = library()
    return {
        "llama_cpp": bytes(lib.llama_version()).decode(),
        "llama_cpp_python": importlib.metadata.version("llama-cpp-python"),
        "system": bytes(lib.llama_print_system_info()).decode().strip(),
    }


def cell_type(name: str) -> int:
    """Return the ggml type of KV cache cells: `f16`, `q8_0` or `f32`."""
    return int(getattr(library(), f"GGML_TYPE_{name.upper()}"))


def c_string(call: Any, *arguments: object, size: int = 256) -> str | None:
    """Call a function that fills a buffer and returns a length; None when it says it has none."""
    while True:
        buffer = ctypes.create_string_buffer(size)
        length = int(call(*arguments, buffer, size))
        if length < 0:
            return None
        if length < size:
            return buffer.raw[:length].decode("utf-8", "replace")
        size = length + 1
