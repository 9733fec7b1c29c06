"""Where the compiled loops of `kernels` are kept: made when an index is built, only loaded later.

A reader never compiles, for that takes seconds: without numba, or without code for exactly this
processor, this Python and these sources, `load` returns None and the numpy path gives the same
results, slower. It knows neither files nor scores.
"""

import importlib
import logging
import os
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

from store.digest import blake_json, sha256_file, write_atomic

logger = logging.getLogger(__name__)

FOLDER = "kernels"
"""Beside the frozen folders of a home; it may be removed, and the next index run makes it again."""
KERNELS_FROM = 20_000
"""Passages from which the compiled loops are worth anything."""
NAME = f"{__package__}.kernels"


class Loops:
    """The compiled loops of an index, loaded at its second search, or when `prepare` is called.

    Loading takes longer than any one search by numpy, so a process that searches once is better
    off without. A folder of None stands for an index that is too small to need them.
    """

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder
        self._searches = 0
        self._module: Any | None = None

    def __call__(self) -> Any | None:
        """Return the module `kernels`, or None for numpy."""
        return self._module

    def searching(self) -> None:
        """Say that a search begins."""
        self._searches += 1
        if self._searches == 2:
            self.prepare()

    def prepare(self) -> None:
        """Load the loops now."""
        if self._folder is not None and self._module is None:
            self._module = load(self._folder)


def loops(root: Path, passages: int) -> Loops:
    """Return the loops of an index of so many passages below `root`."""
    return Loops(root / FOLDER if passages >= KERNELS_FROM else None)


def warm(folder: Path) -> bool:
    """Compile the loops into `folder` unless they are there; tell whether they now are.

    Nothing depends on success: a home without them is searched by numpy.
    """
    try:
        key = _key()
    except ImportError as error:
        logger.info("numba is missing, so searching will use numpy: %s", error)
        return False
    if (folder / key).is_file():
        return True
    try:
        folder.mkdir(parents=True, exist_ok=True)
        logger.info("compiling the search loops into %s", folder)
        _import(folder, anew=NAME in sys.modules)
        write_atomic(folder / key, b"")
    except (OSError, RuntimeError) as error:
        logger.warning("the search loops cannot be kept in %s: %s", folder, error)
        return False
    return True


def load(folder: Path) -> Any | None:
    """Return the module `kernels` with code from `folder`, or None when there is none for us."""
    if NAME in sys.modules:
        return sys.modules[NAME]
    if not folder.is_dir():
        return None
    try:
        if not (folder / _key()).is_file():
            logger.info(
                "no compiled search loops for this machine in %s: run appliance index", folder
            )
            return None
        if os.access(folder, os.W_OK):
            return _import(folder)
        # numba wants to write where it reads, and a sealed home may be read-only.
        with tempfile.TemporaryDirectory(prefix="appliance-kernels-") as copy:
            shutil.copytree(folder, copy, dirs_exist_ok=True)
            return _import(Path(copy))
    except (ImportError, OSError, RuntimeError) as error:
        logger.info("searching without compiled loops: %s", error)
        return None


def _key() -> str:
    """Return the name of the file that says: here is code for this machine and these sources."""
    import llvmlite.binding
    import numba

    source = Path(__file__).with_name("kernels.py")
    # No features at all, as for a generic processor, are features that were chosen too.
    features = numba.config.CPU_FEATURES
    if features is None:
        host = llvmlite.binding.get_host_cpu_features()
        features = ",".join(sorted(k for k, on in host.items() if on))
    parts = [
        numba.__version__,
        llvmlite.__version__,
        sys.version,
        str(numba.config.CPU_NAME or llvmlite.binding.get_host_cpu_name()),
        str(features),
        str(source.parent),
        sha256_file(source),
    ]
    return f"ready-{blake_json(parts).partition(':')[2][:24]}"


def _import(folder: Path, anew: bool = False) -> Any:
    import numba

    before = numba.config.CACHE_DIR
    numba.config.CACHE_DIR = str(folder)
    try:
        if anew:
            return importlib.reload(sys.modules[NAME])
        return importlib.import_module(NAME)
    finally:
        numba.config.CACHE_DIR = before
