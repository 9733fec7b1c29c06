"""The errors of store. Every message is one sentence that names the repair.

StoreError
├── UrlError           text that is no address of a page
├── PageError          a page or version that is not here, or whose bytes are damaged
│   ├── UnknownVersionError  no version has this id
│   └── DamagedPageError     the stored bytes of a version cannot be read
├── ClusterError       the private PostgreSQL cannot be made, started or stopped
├── DatabaseError      the database cannot be reached or used
│   ├── SchemaError    its tables belong to another version of the program
│   ├── DiskFullError  the disk has no room for what was to be written
│   ├── BusyError      another process holds the part that this one wants to write
│   └── LeaseLostError a crawling process was away too long, and others have its work
├── CollectionError    a collection that does not exist
├── CrawlError         a crawl that does not exist
└── SnapshotError      a snapshot that does not exist, or a name that is taken
"""


class StoreError(Exception):
    """Something about the page store that the user can repair."""


class UrlError(StoreError):
    """Text that is no address of a page."""


class PageError(StoreError):
    """A page or version that is not here, or whose bytes are damaged."""


class UnknownVersionError(PageError):
    """No version has this id."""


class DamagedPageError(PageError):
    """The stored bytes of a version cannot be read."""


class ClusterError(StoreError):
    """The private PostgreSQL cannot be made, started or stopped."""


class DatabaseError(StoreError):
    """The database cannot be reached or used."""


class SchemaError(DatabaseError):
    """The database's tables belong to another version of the program."""


class DiskFullError(DatabaseError):
    """The disk has no room for what was to be written."""


class BusyError(DatabaseError):
    """Another process holds the part that this one wants to write."""


class LeaseLostError(DatabaseError):
    """A crawling process gave no sign for too long, and others have taken over its work."""


class CollectionError(StoreError):
    """A collection that does not exist."""


class CrawlError(StoreError):
    """A crawl that does not exist."""


class SnapshotError(StoreError):
    """A snapshot that does not exist, or a name that is taken."""
