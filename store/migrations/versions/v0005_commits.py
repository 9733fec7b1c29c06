"""When each commit was and whether its state is still whole; which address each page names as its
own, and which aliases come of that.
"""

from alembic import op

revision = "0005"
down_revision = "0004"

# Of the commits before there is no record: nobody knows when they were.
STATEMENTS = """
CREATE TABLE commit (
    seq bigint PRIMARY KEY,
    at timestamptz NOT NULL,
    whole boolean NOT NULL DEFAULT true
);
CREATE TABLE claim (
    page_id bigint PRIMARY KEY REFERENCES page ON DELETE CASCADE,
    collection_id smallint NOT NULL REFERENCES collection,
    url text NOT NULL,
    url_hash bytea NOT NULL
);
CREATE INDEX claim_url ON claim (collection_id, url_hash, page_id);
ALTER TABLE alias ADD COLUMN claimed boolean NOT NULL DEFAULT false;
"""


def upgrade() -> None:
    """Make the tables; aliases that are there already count as redirects."""
    for statement in STATEMENTS.split(";\n"):
        if statement.strip():
            op.execute(statement)
