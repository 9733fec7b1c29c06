"""Pages, their versions and passages, the frontier, snapshots, misses and failures."""

from alembic import op

revision = "0001"
down_revision = None

TABLES = """
CREATE TABLE collection (
    id smallint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name text NOT NULL UNIQUE
);
CREATE TABLE clock (seq bigint NOT NULL);
INSERT INTO clock VALUES (0);

CREATE TABLE page (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    collection_id smallint NOT NULL REFERENCES collection,
    url text NOT NULL,
    url_hash bytea NOT NULL,
    host text NOT NULL,
    etag text,
    last_modified text,
    fetched_at timestamptz NOT NULL DEFAULT now(),
    current_version bigint,
    words text[] NOT NULL,
    CONSTRAINT page_url UNIQUE (collection_id, url_hash)
);
CREATE INDEX page_host ON page (collection_id, host);
CREATE INDEX page_words ON page USING gin (words);

CREATE TABLE page_version (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    page_id bigint NOT NULL REFERENCES page,
    digest bytea NOT NULL,
    title text NOT NULL,
    site text NOT NULL,
    lang text NOT NULL,
    published date,
    fetched_at timestamptz NOT NULL DEFAULT now(),
    status smallint NOT NULL,
    source text NOT NULL,
    extractor text NOT NULL,
    body bytea NOT NULL,
    outlinks bytea NOT NULL,
    seq_from bigint NOT NULL,
    seq_to bigint,
    CONSTRAINT page_version_from UNIQUE (page_id, seq_from)
);
-- Both are compressed already: PostgreSQL need not try again, and can read a part.
ALTER TABLE page_version ALTER body SET STORAGE EXTERNAL, ALTER outlinks SET STORAGE EXTERNAL;
CREATE UNIQUE INDEX page_version_current ON page_version (page_id) WHERE seq_to IS NULL;
CREATE INDEX page_version_live ON page_version (id) WHERE seq_to IS NULL;

CREATE TABLE alias (
    collection_id smallint NOT NULL REFERENCES collection,
    url_hash bytea NOT NULL,
    url text NOT NULL,
    target text NOT NULL,
    target_hash bytea NOT NULL,
    PRIMARY KEY (collection_id, url_hash)
);

CREATE TABLE passage (
    id bigint PRIMARY KEY,
    version_id bigint NOT NULL REFERENCES page_version,
    ordinal integer NOT NULL,
    start integer NOT NULL,
    "end" integer NOT NULL,
    headings text[] NOT NULL,
    chunker text NOT NULL,
    encoder text
);
CREATE INDEX passage_version ON passage (version_id, chunker);

CREATE TABLE crawl (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name text NOT NULL,
    settings jsonb NOT NULL,
    state text NOT NULL,
    started_at timestamptz NOT NULL DEFAULT now(),
    ended_at timestamptz
);
CREATE TABLE frontier (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    crawl_id bigint NOT NULL REFERENCES crawl ON DELETE CASCADE,
    url text NOT NULL,
    url_hash bytea NOT NULL,
    depth integer NOT NULL,
    priority integer NOT NULL,
    referrer text,
    state text NOT NULL,
    reason text,
    leased_until timestamptz,
    attempts integer NOT NULL DEFAULT 0,
    CONSTRAINT frontier_url UNIQUE (crawl_id, url_hash)
);
CREATE INDEX frontier_next ON frontier (crawl_id, priority DESC, id) WHERE state = 'waiting';
CREATE INDEX frontier_leased ON frontier (crawl_id, leased_until) WHERE state = 'leased';

CREATE TABLE snapshot (
    name text PRIMARY KEY,
    seq bigint NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    pages bigint NOT NULL,
    digest text NOT NULL
);
CREATE TABLE miss (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    collection_id smallint NOT NULL REFERENCES collection,
    url text NOT NULL,
    url_hash bytea NOT NULL,
    run_id text NOT NULL,
    at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT miss_once UNIQUE (collection_id, url_hash, run_id)
);
CREATE TABLE failure (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    collection_id smallint NOT NULL REFERENCES collection,
    url text NOT NULL,
    url_hash bytea NOT NULL,
    reason text NOT NULL,
    detail text NOT NULL,
    source text NOT NULL,
    at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT failure_url UNIQUE (collection_id, url_hash)
);
"""


def upgrade() -> None:
    """Make the tables."""
    for statement in TABLES.split(";\n"):
        if statement.strip():
            op.execute(statement)
