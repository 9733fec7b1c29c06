"""Which index types Milvus may be asked for: those that the backend really builds.

Milvus Lite accepts any name at all, says afterwards that it built it, and scans every row. The
appliance never searches Milvus, so the type decides nothing here; it is for other programs that
search the same collections on a server. It knows names and parameters, not Milvus.
"""

from typing import Any

from .errors import VectorStoreError

DEFAULT = "FLAT"
SPARSE = "SPARSE_INVERTED_INDEX"
PARAMETERS: dict[str, dict[str, Any]] = {
    "FLAT": {},
    "AUTOINDEX": {},
    "HNSW": {"M": 16, "efConstruction": 200},
    "IVF_FLAT": {"nlist": 1024},
    "IVF_SQ8": {"nlist": 1024},
    "SCANN": {"nlist": 1024},
    "DISKANN": {},
}
LITE = ("FLAT", "HNSW")
SERVER = tuple(PARAMETERS)


def dense_index(name: str, lite: bool) -> tuple[str, dict[str, Any]]:
    """Return the index type for dense vectors and its parameters; an empty `name` is the default.

    Raises VectorStoreError for a type that this backend does not build.
    """
    kind = name.upper() or DEFAULT
    allowed = LITE if lite else SERVER
    if kind not in allowed:
        backend = "Milvus Lite" if lite else "a Milvus server"
        raise VectorStoreError(
            f"The setting milvus_index names {name}, which {backend} is not asked for here: "
            f"set it to one of {', '.join(allowed)}."
        )
    return kind, PARAMETERS[kind]
