"""Milvus, the vector store: upsert, delete by key, flush, and reading everything back in key order.

The only importer of pymilvus. It knows ids and vectors, not passages or pages, and it is never
searched: readers use the frozen index. What Milvus Lite does silently wrong is kept out here:
only index types that it honours, deletion by primary key only, no empty sparse vectors.

Milvus Lite runs inside this process, and here it listens on a Unix socket in a private folder
instead of a loopback port, so that building an index needs no network of any kind and the server
cannot outlive us.
"""

import errno
import fcntl
import logging
import os
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from .encoders.base import Vectors
from .errors import IndexBusy, VectorStoreError

logger = logging.getLogger(__name__)

DENSE_INDEX = "FLAT"
SPARSE_INDEX = "SPARSE_INVERTED_INDEX"
SOCKETS = "appliance-milvus-"
BATCH = 500
"""Rows a request: small enough for gRPC's message limit with 1024-dimensional vectors."""


class VectorStore:
    """One Milvus, opened by one process: a Lite folder, or a server named by `uri`."""

    def __init__(self, folder: Path, uri: str | None = None) -> None:
        """Take the write lock and open Milvus.

        Raises IndexBusy when another process holds the lock, VectorStoreError when Milvus does
        not open; so do all methods when Milvus fails, or its disk is full.
        """
        self._where = uri or str(folder)
        self._lock: int | None = None
        self._server: Any = None
        self._database: Any = None
        self._socket: Path | None = None
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._lock = _lock(folder / "index.lock")
            self._client = self._remote(uri) if uri else self._lite(folder / "index.db")
        except IndexBusy:
            raise
        except Exception as error:
            self.close()
            if _full(error):
                raise VectorStoreError(_no_room(self._where)) from error
            where = uri or folder / "index.db"
            raise VectorStoreError(
                f"Milvus does not open at {where} ({error}): check the address, or delete the "
                "local file and run appliance index to build it again."
            ) from error

    def _lite(self, path: Path) -> Any:
        os.environ.setdefault("GRPC_VERBOSITY", "ERROR")
        from milvus_lite.adapter.grpc.server import start_server_in_thread
        from pymilvus import MilvusClient

        _quiet()

        # Its own folder of mode 0700: a socket's path may be 107 bytes long, a home's may not fit.
        self._socket = Path(tempfile.mkdtemp(prefix=SOCKETS))
        # Written down, so that the next run can clear it away if this one is killed.
        _note(self._lock, f"{os.getpid()}\n{self._socket}\n")
        # The server joins host and port with a colon, which makes gRPC's address of a socket file.
        name: Any = self._socket / "s"
        self._server, self._database, _ = start_server_in_thread(str(path), host="unix", port=name)
        return MilvusClient(f"unix:{name}")

    def _remote(self, uri: str) -> Any:
        from pymilvus import MilvusClient

        _quiet()
        return MilvusClient(uri)

    def prepare(self, collection: str, dense_size: int) -> None:
        """Create `collection` unless it is there, with dense vectors if `dense_size` > 0."""
        with self._named():
            if self._client.has_collection(collection):
                self._client.load_collection(collection)
                return
        from pymilvus import DataType, MilvusClient

        schema = MilvusClient.create_schema(auto_id=False, enable_dynamic_field=False)
        schema.add_field("id", DataType.INT64, is_primary=True)
        schema.add_field("sparse", DataType.SPARSE_FLOAT_VECTOR)
        indexes = MilvusClient.prepare_index_params()
        indexes.add_index("sparse", index_type=SPARSE_INDEX, metric_type="IP")
        if dense_size:
            schema.add_field("dense", DataType.FLOAT_VECTOR, dim=dense_size)
            indexes.add_index("dense", index_type=DENSE_INDEX, metric_type="IP")
        # Strong: what was written is there for the next read, on a server too.
        with self._named():
            self._client.create_collection(
                collection, schema=schema, index_params=indexes, consistency_level="Strong"
            )

    def upsert(self, collection: str, ids: Sequence[int], vectors: Sequence[Vectors]) -> None:
        """Write vectors under their ids; rows with the same id are replaced."""
        rows: list[dict[str, Any]] = []
        for key, vector in zip(ids, vectors, strict=True):
            if not vector.sparse:
                raise VectorStoreError(
                    f"Passage {key} has an empty sparse vector, which fails its whole batch: "
                    "the encoder must give at least one dimension."
                )
            row: dict[str, Any] = {"id": key, "sparse": vector.sparse}
            if vector.dense is not None:
                row["dense"] = vector.dense
            rows.append(row)
        for at in range(0, len(rows), BATCH):
            with self._named():
                self._client.upsert(collection, rows[at : at + BATCH])

    def delete(self, collection: str, ids: Sequence[int]) -> None:
        """Delete by primary key, the only way that Lite carries out fully."""
        for at in range(0, len(ids), BATCH):
            with self._named():
                self._client.delete(collection, ids=list(ids[at : at + BATCH]))

    def flush(self, collection: str) -> None:
        """Return when everything written so far is on disk."""
        with self._named():
            self._client.flush(collection)

    def export(
        self, collection: str, ids: Sequence[int]
    ) -> Iterator[tuple[list[int], list[Vectors]]]:
        """Yield (ids, vectors) in batches, in the order of `ids`; ids it lacks are left out."""
        import numpy as np

        for at in range(0, len(ids), BATCH):
            wanted = list(ids[at : at + BATCH])
            with self._named():
                rows = self._client.get(collection, ids=wanted)
            by_id = {int(row["id"]): row for row in rows}
            found = [key for key in wanted if key in by_id]
            vectors = []
            for key in found:
                row = by_id[key]
                dense = row.get("dense")
                vectors.append(
                    Vectors(
                        None if dense is None else np.asarray(dense, dtype=np.float32),
                        {int(k): float(w) for k, w in sorted(row["sparse"].items())},
                    )
                )
            yield found, vectors

    def count(self, collection: str) -> int:
        """Return the number of rows."""
        with self._named():
            rows = self._client.query(collection, filter="", output_fields=["count(*)"])
        return int(rows[0]["count(*)"])

    def keys(self, collection: str) -> list[int]:
        """Return every id, ascending."""
        found: list[int] = []
        with self._named():
            iterator = self._client.query_iterator(
                collection, batch_size=BATCH * 10, output_fields=["id"]
            )
            while batch := iterator.next():
                found.extend(int(row["id"]) for row in batch)
            iterator.close()
        return sorted(found)

    def collections(self) -> list[str]:
        """Return the names of all collections, sorted."""
        with self._named():
            return sorted(self._client.list_collections())

    def drop(self, collection: str) -> None:
        """Delete a collection with its vectors."""
        with self._named():
            self._client.drop_collection(collection)

    def close(self) -> None:
        """Close Milvus, stop the server and give the lock back; a second call does nothing."""
        if getattr(self, "_client", None) is not None:
            self._client.close()
            self._client = None
        if self._server is not None:
            self._server.stop(grace=2).wait()
            self._server = None
        if self._database is not None:
            try:
                self._database.close()
            except OSError as error:
                # Only what was flushed counts as written, so a full disk costs nothing here.
                logger.debug("Milvus Lite did not close: %s", error)
            self._database = None
        if self._socket is not None:
            shutil.rmtree(self._socket, ignore_errors=True)
            self._socket = None
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    @contextmanager
    def _named(self) -> Iterator[None]:
        """Turn what Milvus raises inside into a VectorStoreError of one sentence."""
        from pymilvus.exceptions import MilvusException

        try:
            yield
        except (MilvusException, OSError) as error:
            if _full(error):
                raise VectorStoreError(_no_room(self._where)) from error
            if isinstance(error, OSError):
                raise
            said = " ".join(str(error.message).split()) or type(error).__name__
            raise VectorStoreError(
                f"Milvus at {self._where} failed ({said}): see that it is running and its disk is "
                "sound, then run: appliance index --rebuild"
            ) from error

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def _lock(path: Path) -> int | None:
    """Take the exclusive lock of the vector store, or say who has it."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        holder = _noted(descriptor)[0] or "unknown"
        os.close(descriptor)
        if error.errno not in (errno.EAGAIN, errno.EACCES):
            raise
        raise IndexBusy(
            f"Another index run (pid {holder}) is using {path.parent}: wait until it has "
            "finished, or stop it and run appliance index again."
        ) from error
    left = Path(_noted(descriptor)[1])
    if left.name.startswith(SOCKETS):
        shutil.rmtree(left, ignore_errors=True)
    try:
        _note(descriptor, f"{os.getpid()}\n")
    except OSError:
        os.close(descriptor)
        raise
    return descriptor


def _full(error: BaseException) -> bool:
    """True if a full disk is behind it; Milvus hands on only the text of the system's error."""
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        return True
    return os.strerror(errno.ENOSPC).lower() in str(error).lower()


def _no_room(where: str) -> str:
    return f"The disk of {where} is full; make room, then run: appliance index"


def _note(descriptor: int | None, text: str) -> None:
    """Replace what the lock file says of its holder."""
    if descriptor is not None:
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, os.fsencode(text), 0)


def _noted(descriptor: int) -> tuple[str, str]:
    """Return the pid and the socket folder that the lock file names; empty where it names none."""
    pid, _, folder = os.fsdecode(os.pread(descriptor, 4096, 0)).partition("\n")
    return pid.strip(), folder.strip()


def _quiet() -> None:
    """Stop what pymilvus logs, after its import, which sets its own levels.

    What fails is raised as well, and its trace on stderr would hide our one sentence.
    """
    for name in ("pymilvus", "milvus_lite", *logging.root.manager.loggerDict):
        if name.split(".")[0] in ("pymilvus", "milvus_lite"):
            logging.getLogger(name).setLevel(logging.CRITICAL)
    # The client asks Lite for timestamps, which it does not have; gRPC prints a trace of that.
    logging.getLogger("grpc._server").setLevel(logging.CRITICAL)
