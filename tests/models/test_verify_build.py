"""The build check and the bench, on this machine's build."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from models.bench import bench
from models.llama.client import LlamaEngine
from models.verify_build import verify_build

ROOT = Path(__file__).resolve().parents[2]


def run(**environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-P", "-m", "models.verify_build"],
        env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_good_build_is_one_line() -> None:
    done = run()
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("\n") == 1
    assert "generated 32 tokens with Q4_K and Q8_0 weights" in done.stdout
    assert done.stdout.strip() == verify_build()


def test_a_library_that_is_not_there_fails_with_its_repair(tmp_path: Path) -> None:
    done = run(LLAMA_CPP_LIB_PATH=str(tmp_path))
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1
    assert "run: make clean setup" in done.stderr


def test_a_build_that_crashes_fails_with_its_repair(tmp_path: Path) -> None:
    """A library whose loading kills the process, as a build for another CPU does when used."""
    source = tmp_path / "crash.c"
    source.write_text(
        "#include <signal.h>\n"
        "__attribute__((constructor)) static void crash(void) { raise(SIGILL); }\n"
    )
    built = subprocess.run(
        ["cc", "-shared", "-fPIC", "-o", tmp_path / "libllama.so", source], check=False
    )
    if built.returncode != 0:
        pytest.skip("no C compiler to build a broken library with")
    done = run(LLAMA_CPP_LIB_PATH=str(tmp_path))
    assert done.returncode == 1
    assert "it crashed with SIGILL" in done.stderr
    assert "GGML_NATIVE=OFF" in done.stderr


def test_the_bench_counts_what_it_asked_for(engine: LlamaEngine) -> None:
    found = bench(engine, prompt_tokens=100, new_tokens=12)
    assert 50 < int(str(found["prompt_tokens"])) <= 100
    assert int(str(found["new_tokens"])) >= 12
    assert float(str(found["prefill_tokens_per_second"])) > 0
    assert float(str(found["decode_tokens_per_second"])) > 0
    assert engine.open().position == 0  # its session was closed
