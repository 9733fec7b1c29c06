"""Who wrote a page, as the page itself says."""

from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Add the column; pages that are there already have no author until they are fetched again."""
    op.execute("ALTER TABLE page_version ADD COLUMN author text NOT NULL DEFAULT ''")
