"""The tables of the store, as SQLAlchemy Core. The migrations make them; a test keeps both equal.
It knows no rows.
"""

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    Column,
    Date,
    DateTime,
    Double,
    ForeignKey,
    Identity,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

metadata = MetaData()
_NOW = text("now()")


def _id() -> Column[int]:
    return Column("id", BigInteger, Identity(always=True), primary_key=True)


def _time(name: str, nullable: bool = False) -> Column[object]:
    default = None if nullable else _NOW
    return Column(name, DateTime(timezone=True), nullable=nullable, server_default=default)


def _words(name: str, nullable: bool = False) -> Column[str]:
    return Column(name, Text, nullable=nullable)


def _hash() -> Column[bytes]:
    return Column("url_hash", LargeBinary, nullable=False)


def _collection() -> Column[int]:
    return Column("collection_id", SmallInteger, ForeignKey("collection.id"), nullable=False)


collection = Table(
    "collection",
    metadata,
    Column("id", SmallInteger, Identity(always=True), primary_key=True),
    Column("name", Text, nullable=False, unique=True),
)

# One row: the number of the last commit that changed a page. A snapshot is such a number.
clock = Table("clock", metadata, Column("seq", BigInteger, nullable=False))

# When a commit got its number. It is whole until `snapshot gc` takes a version that it had.
commit = Table(
    "commit",
    metadata,
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("at", DateTime(timezone=True), nullable=False),
    Column("whole", Boolean, nullable=False, server_default=text("true")),
)

page = Table(
    "page",
    metadata,
    _id(),
    _collection(),
    _words("url"),
    _hash(),
    _words("host"),
    _words("etag", nullable=True),
    _words("last_modified", nullable=True),
    _time("fetched_at"),
    Column("current_version", BigInteger),
    Column("words", ARRAY(Text), nullable=False),
    _time("gone_at", nullable=True),
    # The words at the end of the address, as `store.wordkeys` tells them.
    Column("slug", Text(collation="C"), nullable=False, server_default=""),
    UniqueConstraint("collection_id", "url_hash", name="page_url"),
    Index("page_host", "collection_id", "host", "slug", "id"),
    Index("page_slug", "collection_id", "slug", "id"),
    Index("page_slug_back", "collection_id", text("reverse(slug)"), "id"),
    Index("page_words", "words", postgresql_using="gin", postgresql_with={"fastupdate": "off"}),
)

page_version = Table(
    "page_version",
    metadata,
    _id(),
    Column("page_id", BigInteger, ForeignKey("page.id"), nullable=False),
    Column("digest", LargeBinary, nullable=False),
    _words("title"),
    _words("site"),
    _words("lang"),
    Column("published", Date),
    Column("author", Text, nullable=False, server_default=""),
    _time("fetched_at"),
    Column("status", SmallInteger, nullable=False),
    _words("source"),
    _words("extractor"),
    Column("body", LargeBinary, nullable=False),
    Column("outlinks", LargeBinary, nullable=False),
    Column("seq_from", BigInteger, nullable=False),
    Column("seq_to", BigInteger),
    Column("capture", LargeBinary, nullable=False, server_default=""),
    UniqueConstraint("page_id", "seq_from", name="page_version_from"),
    Index("page_version_current", "page_id", unique=True, postgresql_where=text("seq_to IS NULL")),
    Index("page_version_live", "id", postgresql_where=text("seq_to IS NULL")),
)

alias = Table(
    "alias",
    metadata,
    Column("collection_id", SmallInteger, ForeignKey("collection.id"), primary_key=True),
    Column("url_hash", LargeBinary, primary_key=True),
    _words("url"),
    _words("target"),
    Column("target_hash", LargeBinary, nullable=False),
    Column("seq_from", BigInteger, primary_key=True, autoincrement=False),
    Column("seq_to", BigInteger),
    Column("claimed", Boolean, nullable=False, server_default=text("false")),
    Index(
        "alias_current",
        "collection_id",
        "url_hash",
        unique=True,
        postgresql_where=text("seq_to IS NULL"),
    ),
)

# The address that a page names as its own (rel=canonical), where that is another than its own.
claim = Table(
    "claim",
    metadata,
    Column(
        "page_id",
        BigInteger,
        ForeignKey("page.id", ondelete="CASCADE"),
        primary_key=True,
        autoincrement=False,
    ),
    _collection(),
    _words("url"),
    _hash(),
    Index("claim_url", "collection_id", "url_hash", "page_id"),
)

passage = Table(
    "passage",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    Column("version_id", BigInteger, ForeignKey("page_version.id"), nullable=False),
    Column("ordinal", Integer, nullable=False),
    Column("start", Integer, nullable=False),
    Column("end", Integer, nullable=False),
    Column("headings", ARRAY(Text), nullable=False),
    _words("chunker"),
    _words("encoder", nullable=True),
    Index("passage_version", "version_id", "chunker"),
)

crawl = Table(
    "crawl",
    metadata,
    _id(),
    _words("name"),
    Column("settings", JSONB, nullable=False),
    _words("state"),
    _time("started_at"),
    _time("ended_at", nullable=True),
)

# A crawling process: what it has leased is its own until this time, which it puts off again and
# again while it lives.
crawler = Table(
    "crawler",
    metadata,
    _id(),
    Column("crawl_id", BigInteger, ForeignKey("crawl.id", ondelete="CASCADE"), nullable=False),
    _words("machine"),
    Column("pid", Integer, nullable=False),
    _time("started_at"),
    Column("until", DateTime(timezone=True), nullable=False),
)

# A web host, of all crawls: which process alone may ask it, and from when on.
host = Table(
    "host",
    metadata,
    Column("name", Text, primary_key=True),
    Column("holder", BigInteger),
    Column("pause", Double, nullable=False, server_default=text("0")),
    _time("free_at"),
)

# What a crawl has of a host: pages so far, and whether addresses may be waiting.
crawl_host = Table(
    "crawl_host",
    metadata,
    Column("crawl_id", BigInteger, ForeignKey("crawl.id", ondelete="CASCADE"), primary_key=True),
    Column("host", Text, primary_key=True),
    Column("pages", BigInteger, nullable=False, server_default=text("0")),
    Column("open", Boolean, nullable=False, server_default=text("true")),
    Index("crawl_host_open", "crawl_id", postgresql_where=text("open")),
)

frontier = Table(
    "frontier",
    metadata,
    _id(),
    Column("crawl_id", BigInteger, ForeignKey("crawl.id", ondelete="CASCADE"), nullable=False),
    _words("url"),
    _hash(),
    Column("depth", Integer, nullable=False),
    Column("priority", Integer, nullable=False),
    _words("referrer", nullable=True),
    _words("state"),
    _words("reason", nullable=True),
    Column("attempts", Integer, nullable=False, server_default=text("0")),
    Column("host", Text, nullable=False, server_default=text("''")),
    Column("holder", BigInteger),
    UniqueConstraint("crawl_id", "url_hash", name="frontier_url"),
    Index(
        "frontier_next",
        "crawl_id",
        "host",
        text("priority DESC"),
        "id",
        postgresql_where=text("state = 'waiting'"),
    ),
    Index("frontier_leased", "crawl_id", "host", postgresql_where=text("state = 'leased'")),
)

# A file or folder that was imported: how many of its items are stored, and what came of them.
import_job = Table(
    "import_job",
    metadata,
    _id(),
    _collection(),
    _words("path"),
    _words("print"),
    _words("format"),
    _words("state"),
    Column("items", BigInteger, nullable=False, server_default=text("0")),
    Column("new", BigInteger, nullable=False, server_default=text("0")),
    Column("changed", BigInteger, nullable=False, server_default=text("0")),
    Column("unchanged", BigInteger, nullable=False, server_default=text("0")),
    Column("rejects", JSONB, nullable=False, server_default=text("'{}'")),
    Column("pass", BigInteger, nullable=False, server_default=text("1")),
    _time("started_at"),
    _time("ended_at", nullable=True),
    UniqueConstraint("collection_id", "path", name="import_job_path"),
)

# What a folder gave, in which pass it was last there, and the digests of its files (32 bytes each).
import_page = Table(
    "import_page",
    metadata,
    Column("job_id", BigInteger, ForeignKey("import_job.id", ondelete="CASCADE"), primary_key=True),
    Column("url_hash", LargeBinary, primary_key=True),
    _words("url"),
    Column("pass", BigInteger, nullable=False),
    Column("captures", LargeBinary, nullable=False, server_default=text("''")),
)

snapshot = Table(
    "snapshot",
    metadata,
    Column("name", Text, primary_key=True),
    Column("seq", BigInteger, nullable=False),
    _time("created_at"),
    Column("pages", BigInteger, nullable=False),
    _words("digest"),
)

miss = Table(
    "miss",
    metadata,
    _id(),
    _collection(),
    _words("url"),
    _hash(),
    _words("run_id"),
    _time("at"),
    UniqueConstraint("collection_id", "url_hash", "run_id", name="miss_once"),
)

failure = Table(
    "failure",
    metadata,
    _id(),
    _collection(),
    _words("url"),
    _hash(),
    _words("reason"),
    _words("detail"),
    _words("source"),
    _time("at"),
    UniqueConstraint("collection_id", "url_hash", name="failure_url"),
)
