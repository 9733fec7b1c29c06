"""The history of the schema, run by Alembic from inside the program. It knows no rows."""

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlalchemy import Connection

# Every revision that this program can start from, oldest first.
KNOWN = ("0001", "0002", "0003", "0004", "0005", "0006", "0007", "0008")


def upgrade(connection: "Connection") -> None:
    """Bring the database of `connection` to the newest revision, inside its transaction."""
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
