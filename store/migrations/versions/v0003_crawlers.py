"""Several crawling processes on one database: who crawls, who may ask which host, and when; and
pages that their servers no longer have.
"""

from alembic import op

revision = "0003"
down_revision = "0002"

STATEMENTS = """
CREATE TABLE crawler (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    crawl_id bigint NOT NULL REFERENCES crawl ON DELETE CASCADE,
    machine text NOT NULL,
    pid integer NOT NULL,
    started_at timestamptz NOT NULL DEFAULT now(),
    until timestamptz NOT NULL
);
CREATE TABLE host (
    name text PRIMARY KEY,
    holder bigint,
    pause double precision NOT NULL DEFAULT 0,
    free_at timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE crawl_host (
    crawl_id bigint NOT NULL REFERENCES crawl ON DELETE CASCADE,
    host text NOT NULL,
    pages bigint NOT NULL DEFAULT 0,
    open boolean NOT NULL DEFAULT true,
    PRIMARY KEY (crawl_id, host)
);
CREATE INDEX crawl_host_open ON crawl_host (crawl_id) WHERE open;

ALTER TABLE frontier ADD COLUMN host text NOT NULL DEFAULT '', ADD COLUMN holder bigint;
UPDATE frontier SET host = regexp_replace(
    substring(url from '^https?://([^/?#]+)'), '^www\\.|:[0-9]+$|[][]', '', 'g')
WHERE url ~ '^https?://';
UPDATE frontier SET state = 'waiting', leased_until = NULL WHERE state = 'leased';
ALTER TABLE frontier DROP COLUMN leased_until;
DROP INDEX IF EXISTS frontier_leased;
DROP INDEX frontier_next;
CREATE INDEX frontier_next ON frontier (crawl_id, host, priority DESC, id) WHERE state = 'waiting';
CREATE INDEX frontier_leased ON frontier (crawl_id, host) WHERE state = 'leased';
INSERT INTO crawl_host (crawl_id, host, pages, open)
SELECT crawl_id, host, count(*) FILTER (WHERE state = 'done'), bool_or(state = 'waiting')
FROM frontier GROUP BY crawl_id, host;
INSERT INTO host (name) SELECT DISTINCT host FROM crawl_host;

ALTER TABLE page ADD COLUMN gone_at timestamptz;
"""


def upgrade() -> None:
    """Make the tables and move what is there into them."""
    for statement in STATEMENTS.split(";\n"):
        if statement.strip():
            op.execute(statement)
