"""Milvus, the vector store: upsert, delete by key, flush, and reading everything back in key order.

The only importer of pymilvus. It knows ids and vectors, not passages or pages, and it is never
searched: readers use the frozen index. What Milvus Lite does silently wrong is kept out here:
only index types that it honours, deletion by primary key only, no empty sparse vectors.
A server or cluster is spoken to by the same calls; only opening and flushing differ.

Milvus Lite runs inside this process, and here it listens on a Unix socket in a private folder
instead of a loopback port, so that building an index needs no network of any kind and the server
cannot outlive us.
"""

import errno
import logging
import os
import re
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from . import lock, vectorindex
from .encoders.base import Vectors
from .errors import IndexBusy, VectorStoreError

logger = logging.getLogger(__name__)

BATCH = 500
"""Rows a request: small enough for gRPC's message limit with 1024-dimensional vectors."""
PATIENCE = 10.0
"""Seconds that a server has to answer when it is opened."""


@dataclass(frozen=True, slots=True)
class Backend:
    """Where the vectors are: Milvus Lite, or the server or cluster at `uri`.

    `token` is what a server asks for (`user:password` or a key). `index` is the type of index over
    dense vectors, empty for the default; a collection keeps the type that it was made with.
    """

    uri: str = ""
    token: str = field(default="", repr=False)
    index: str = ""


LITE = Backend()


class VectorStore:
    """One Milvus, opened by one process: a Lite folder, or a server."""

    def __init__(self, folder: Path, backend: Backend = LITE) -> None:
        """Take the write lock and open Milvus.

        Raises IndexBusy when another process holds the lock, VectorStoreError when Milvus does
        not open or the backend names what it has not; so do all methods when Milvus fails, or its
        disk is full.
        """
        self._where = _shown(backend.uri) or str(folder)
        self._index = vectorindex.dense_index(backend.index, lite=not backend.uri)
        self._lock: int | None = None
        self._server: Any = None
        self._database: Any = None
        self._socket: Path | None = None
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._lock = lock.take(folder / "index.lock")
            self._client = self._remote(backend) if backend.uri else self._lite(folder / "index.db")
        except IndexBusy:
            raise
        except VectorStoreError:
            self.close()
            raise
        except Exception as error:
            self.close()
            if _full(error):
                raise VectorStoreError(_no_room(self._where)) from error
            if backend.uri:
                raise VectorStoreError(
                    f"Milvus does not answer at {self._where} ({_said(error)}): check milvus_uri "
                    "and milvus_token, and that the server is running."
                ) from error
            raise VectorStoreError(
                f"Milvus does not open at {folder / 'index.db'} ({_said(error)}): delete it, and "
                "run appliance index to build it again."
            ) from error

    def _lite(self, path: Path) -> Any:
        os.environ.setdefault("GRPC_VERBOSITY", "ERROR")
        from milvus_lite.adapter.grpc.server import start_server_in_thread
        from pymilvus import MilvusClient

        _quiet()

        # Its own folder of mode 0700: a socket's path may be 107 bytes long, a home's may not fit.
        self._socket = Path(tempfile.mkdtemp(prefix=lock.SOCKETS))
        # Written down, so that the next run can clear it away if this one is killed.
        assert self._lock is not None
        lock.note(self._lock, self._socket)
        # The server joins host and port with a colon, which makes gRPC's address of a socket file.
        name: Any = self._socket / "s"
        self._server, self._database, _ = start_server_in_thread(str(path), host="unix", port=name)
        return MilvusClient(f"unix:{name}")

    def _remote(self, backend: Backend) -> Any:
        from pymilvus import MilvusClient

        # pymilvus would take anything else for a file and start a Milvus Lite of its own on it,
        # without the lock.
        if not re.match(r"(https?|tcp|unix)://|unix:", backend.uri):
            raise VectorStoreError(
                f"The setting milvus_uri names {self._where}, which is no server: give "
                "http://HOST:PORT, or leave it unset for Milvus Lite in the home."
            )
        _quiet()
        return MilvusClient(backend.uri, token=backend.token, timeout=PATIENCE)

    def load(self, collection: str) -> bool:
        """Make ready to read `collection`, which is released whenever Lite opens; False if there
        is none.
        """
        with self._named():
            if not self._client.has_collection(collection):
                return False
            self._client.load_collection(collection)
            return True

    def prepare(self, collection: str, dense_size: int) -> None:
        """Create `collection` unless it is there, with dense vectors if `dense_size` > 0."""
        if self.load(collection):
            return
        from pymilvus import DataType, MilvusClient

        schema = MilvusClient.create_schema(auto_id=False, enable_dynamic_field=False)
        schema.add_field("id", DataType.INT64, is_primary=True)
        schema.add_field("sparse", DataType.SPARSE_FLOAT_VECTOR)
        indexes = MilvusClient.prepare_index_params()
        indexes.add_index("sparse", index_type=vectorindex.SPARSE, metric_type="IP")
        if dense_size:
            kind, parameters = self._index
            schema.add_field("dense", DataType.FLOAT_VECTOR, dim=dense_size)
            indexes.add_index("dense", index_type=kind, metric_type="IP", params=parameters)
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
        """Return when everything written so far is on disk.

        A server has it in its log before it answers a write, and by default lets nobody flush more
        often than every ten seconds: there is nothing to do.
        """
        if self._server is None:
            return
        with self._named():
            self._client.flush(collection)

    def export(
        self, collection: str, ids: Sequence[int]
    ) -> Iterator[tuple[list[int], list[Vectors]]]:
        """Yield (ids, vectors) in batches, in the order of `ids`; ids it lacks are left out."""
        import numpy as np

        names = self._fields(collection) if ids else []
        for at in range(0, len(ids), BATCH):
            wanted = list(ids[at : at + BATCH])
            with self._named():
                # Not every version of Milvus gives vectors unless they are asked for by name.
                rows = self._client.get(collection, ids=wanted, output_fields=names)
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
        """Return the id of every row, ascending; one that two rows have stands there twice."""
        found: list[int] = []
        with self._named():
            iterator = self._client.query_iterator(
                collection, batch_size=BATCH * 10, output_fields=["id"]
            )
            while batch := iterator.next():
                found.extend(int(row["id"]) for row in batch)
            iterator.close()
        return sorted(found)

    def collections(self, prefix: str = "") -> list[str]:
        """Return the names of all collections that begin with `prefix`, sorted."""
        with self._named():
            return sorted(n for n in self._client.list_collections() if n.startswith(prefix))

    def aliased(self, alias: str, prefix: str = "") -> str | None:
        """Return which of the collections that begin with `prefix` has the alias, or None."""
        # Asked of the collections: what a missing alias raises differs between versions of Milvus.
        for name in self.collections(prefix):
            if alias in self._aliases(name):
                return name
        return None

    def point(self, alias: str, collection: str, prefix: str = "") -> None:
        """Let `alias` name `collection`, in one step where it named another one."""
        before = self.aliased(alias, prefix)
        if before == collection:
            return
        with self._named():
            act = self._client.create_alias if before is None else self._client.alter_alias
            act(collection, alias)

    def drop(self, collection: str) -> None:
        """Delete a collection with its vectors and aliases."""
        # A server refuses to drop what has an alias.
        for alias in self._aliases(collection):
            with self._named():
                self._client.drop_alias(alias)
        with self._named():
            self._client.drop_collection(collection)

    def _aliases(self, collection: str) -> list[str]:
        with self._named():
            return list(self._client.list_aliases(collection)["aliases"])

    def _fields(self, collection: str) -> list[str]:
        with self._named():
            described = self._client.describe_collection(collection)
        return [field["name"] for field in described["fields"]]

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
            raise VectorStoreError(
                f"Milvus at {self._where} failed ({_said(error)}): see that it is running and its "
                "disk is sound, then run: appliance index --rebuild"
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


def _full(error: BaseException) -> bool:
    """True if a full disk is behind it; Milvus hands on only the text of the system's error."""
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        return True
    return os.strerror(errno.ENOSPC).lower() in str(error).lower()


def _no_room(where: str) -> str:
    return f"The disk of {where} is full; make room, then run: appliance index"


def _said(error: BaseException) -> str:
    """Return what an error says, on one line."""
    return " ".join(str(getattr(error, "message", error)).split()) or type(error).__name__


def _shown(uri: str) -> str:
    """Return an address as it may be printed: without a name and password in it."""
    return re.sub(r"//[^/@]*@", "//…@", uri)


def _quiet() -> None:
    """Stop what pymilvus logs, after its import, which sets its own levels.

    What fails is raised as well, and its trace on stderr would hide our one sentence.
    """
    for name in ("pymilvus", "milvus_lite", *logging.root.manager.loggerDict):
        if name.split(".")[0] in ("pymilvus", "milvus_lite"):
            logging.getLogger(name).setLevel(logging.CRITICAL)
    # The client asks Lite for timestamps, which it does not have; gRPC prints a trace of that.
    logging.getLogger("grpc._server").setLevel(logging.CRITICAL)
