"""The errors of indexer. Every message is one sentence that names the repair.

IndexerError
├── IndexMissing      nothing has been indexed in this home yet
├── IndexStale        the frozen index was built by another encoder or an older format
├── IndexDamaged      a frozen file is not what its manifest says
├── IndexBusy         another process is writing this index
├── EncoderError      the encoder's files or libraries are missing or incomplete
└── VectorStoreError  Milvus refused or lost something
"""


class IndexerError(Exception):
    """Something about the index that the user can repair."""


class IndexMissing(IndexerError):
    """There is no frozen index in this home."""


class IndexStale(IndexerError):
    """The frozen index does not fit the encoder or the program that wants to read it."""


class IndexDamaged(IndexerError):
    """A file of the frozen index is missing, cut short or altered."""


class IndexBusy(IndexerError):
    """Another process holds the index for writing."""


class EncoderError(IndexerError):
    """The encoder cannot be loaded as it stands."""


class VectorStoreError(IndexerError):
    """Milvus failed in a way that another attempt with the same data would repeat."""
