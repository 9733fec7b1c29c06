"""Where aliases led at each commit, as page versions have it: a state of the store has them too."""

from alembic import op

revision = "0002"
down_revision = "0001"

# What was recorded before is taken to have been so from the beginning.
CHANGES = (
    "ALTER TABLE alias ADD COLUMN seq_from bigint NOT NULL DEFAULT 0, ADD COLUMN seq_to bigint",
    "ALTER TABLE alias ALTER seq_from DROP DEFAULT, DROP CONSTRAINT alias_pkey, "
    "ADD PRIMARY KEY (collection_id, url_hash, seq_from)",
    "CREATE UNIQUE INDEX alias_current ON alias (collection_id, url_hash) WHERE seq_to IS NULL",
)


def upgrade() -> None:
    """Give aliases a history."""
    for statement in CHANGES:
        op.execute(statement)
