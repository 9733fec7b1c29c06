"""Rarity: the formula, and the same bits whichever logarithm the C library picks."""

import math
import os
import platform
from collections.abc import Callable

import pytest

from indexer.rarity import exact, idf

COUNTS = [
    (held, total) for total in (1, 7, 224, 5_003, 1_000_000) for held in range(min(total, 900))
]
SOURCE = """
import hashlib, math, sys
from indexer.rarity import idf
rare, logs = hashlib.sha256(), hashlib.sha256()
for held in range(40_000):
    rare.update(idf(held, 40_000).hex().encode())
    logs.update(math.log(1.0 + (40_000 - held + 0.5) / (held + 0.5)).hex().encode())
print(rare.hexdigest(), logs.hexdigest())
"""
LESSER = "glibc.cpu.hwcaps=-AVX512F,-AVX2,-AVX,-FMA,-FMA4"


def test_it_is_the_formula() -> None:
    for held, total in COUNTS:
        wanted = math.log(1.0 + (total - held + 0.5) / (held + 0.5))
        assert idf(held, total) == pytest.approx(wanted, abs=1e-10)


def test_the_fast_way_gives_what_decimals_give() -> None:
    assert [idf(*pair) for pair in COUNTS] == [exact(*pair) for pair in COUNTS]


@pytest.mark.machine
def test_another_logarithm_of_the_c_library_gives_the_same_bits(
    fresh: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    usual, logarithms = fresh(SOURCE).split()
    monkeypatch.setenv("GLIBC_TUNABLES", LESSER)
    lesser, others = fresh(SOURCE).split()
    assert lesser == usual
    # The twin: without rounding the bits do differ, where the C library has two ways.
    if logarithms == others:
        pytest.skip(
            f"the C library has one logarithm here ({platform.libc_ver()}, {os.uname()[4]})"
        )
