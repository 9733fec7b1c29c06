"""What a folder's files were, so that the same ones are not stored again over something newer."""

from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Add the column; folders that were imported before are read once more, into the same pages."""
    op.execute("ALTER TABLE import_page ADD COLUMN captures bytea NOT NULL DEFAULT ''")
