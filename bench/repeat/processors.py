"""Lesser processors: what tells each library to leave instructions unused, and what it then does.

ONNX Runtime has no such switch: it asks the processor itself. What it rounds differs from one
processor to another, so a run keeps its query vectors (docs/determinism.md).
"""

import ctypes
import hashlib
import math
import os
import platform
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path

USUAL: Mapping[str, str] = {}
AVX2, LEAST = "AVX2", "least"
_OPENBLAS = ("scipy_openblas_get_corename64_", "openblas_get_corename")


def lesser() -> dict[str, dict[str, str]]:
    """Return the environments of two lesser processors than this one; none where it is not x86."""
    if platform.machine() != "x86_64":
        return {}
    held = _numpy()
    newer = [name for name in held if name != "X86_V3"]
    return {
        AVX2: {
            "FAISS_SIMD_LEVEL": "AVX2",
            "NPY_DISABLE_CPU_FEATURES": " ".join(newer),
            "OPENBLAS_CORETYPE": "Haswell",
            "NUMBA_CPU_NAME": "haswell",
            "NUMBA_CPU_FEATURES": "+avx2,+fma",
            "GLIBC_TUNABLES": "glibc.cpu.hwcaps=-AVX512F",
            "OMP_NUM_THREADS": "2",
        },
        LEAST: {
            "FAISS_SIMD_LEVEL": "NONE",
            "NPY_DISABLE_CPU_FEATURES": " ".join(held),
            "OPENBLAS_CORETYPE": "Nehalem",
            "NUMBA_CPU_NAME": "generic",
            "GLIBC_TUNABLES": "glibc.cpu.hwcaps=-AVX512F,-AVX2,-AVX,-FMA,-FMA4",
            "OMP_NUM_THREADS": "1",
        },
    }


def dispatched() -> dict[str, str]:
    """Return what each library uses in this process, by its own word where it has one."""
    import faiss
    import numba

    return {
        "faiss": str(faiss.SIMDConfig.get_level_name()),
        "numpy": " ".join(_numpy()) or "baseline",
        "openblas": " ".join(sorted(_openblas())),
        "numba": str(numba.config.CPU_NAME or "host"),
        "logarithm": _logarithm(),
    }


def _numpy() -> list[str]:
    core = import_module("numpy._core._multiarray_umath")

    return [name for name in core.__cpu_dispatch__ if core.__cpu_features__.get(name)]


def _openblas() -> set[str]:
    """Ask every OpenBLAS that is loaded: NumPy's wheel and FAISS's bring one each."""
    found = set()
    for line in Path("/proc/self/maps").read_text().splitlines():
        path = line.rpartition(" ")[2]
        if "openblas" not in os.path.basename(path):
            continue
        library = ctypes.CDLL(path)
        for name in _OPENBLAS:
            if asked := getattr(library, name, None):
                asked.restype = ctypes.c_char_p
                found.add(asked().decode())
    return found


def _logarithm() -> str:
    """Return a digest of logarithms: the C library picks its own by the processor too."""
    seen = hashlib.sha256()
    for number in range(1, 20_000):
        seen.update(math.log(1.0 + number / 7.3).hex().encode())
    return seen.hexdigest()[:8]
