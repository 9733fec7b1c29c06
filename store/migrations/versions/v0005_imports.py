"""What was captured, and imports that go on where they were."""

from alembic import op

revision = "0005"
down_revision = "0004"

TABLES = """
ALTER TABLE page_version ADD COLUMN capture bytea NOT NULL DEFAULT '';
CREATE TABLE import_job (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    collection_id smallint NOT NULL REFERENCES collection (id),
    path text NOT NULL,
    print text NOT NULL,
    format text NOT NULL,
    state text NOT NULL,
    items bigint NOT NULL DEFAULT 0,
    new bigint NOT NULL DEFAULT 0,
    changed bigint NOT NULL DEFAULT 0,
    unchanged bigint NOT NULL DEFAULT 0,
    rejects jsonb NOT NULL DEFAULT '{}',
    pass bigint NOT NULL DEFAULT 1,
    started_at timestamptz NOT NULL DEFAULT now(),
    ended_at timestamptz,
    CONSTRAINT import_job_path UNIQUE (collection_id, path)
);
CREATE TABLE import_page (
    job_id bigint NOT NULL REFERENCES import_job (id) ON DELETE CASCADE,
    url_hash bytea NOT NULL,
    url text NOT NULL,
    pass bigint NOT NULL,
    PRIMARY KEY (job_id, url_hash)
)
"""


def upgrade() -> None:
    """Make the tables; pages that are there already have no digest of what was captured."""
    for statement in TABLES.split(";\n"):
        op.execute(statement)
