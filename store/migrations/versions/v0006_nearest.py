"""Near-miss suggestions that read a bounded number of pages: the words at the end of each address
in a column with sorted indexes, and the keys of words with their shells (store/wordkeys.py).
"""

import psycopg
from alembic import op

from store.wordkeys import page_keys, page_slug, page_words

revision = "0006"
down_revision = "0005"

# A suggestion asks this index many times, shell by shell, and each time the entries that wait to be
# sorted in would be read: so none wait.
INDEXES = (
    "CREATE INDEX page_words ON page USING gin (words) WITH (fastupdate = off)",
    "CREATE INDEX page_host ON page (collection_id, host, slug, id)",
    "CREATE INDEX page_slug ON page (collection_id, slug, id)",
    "CREATE INDEX page_slug_back ON page (collection_id, reverse(slug), id)",
)
BATCH = 5_000
_ROWS = """
SELECT page.id, page.collection_id, page.url, page.url_hash, version.title
FROM page JOIN page_version AS version ON version.id = page.current_version
WHERE page.id > %s ORDER BY page.id LIMIT %s
"""


def upgrade() -> None:
    """Add the column, write it and the keys of every page that is there, and index both."""
    op.execute("ALTER TABLE page ADD COLUMN slug text COLLATE \"C\" NOT NULL DEFAULT ''")
    op.execute("DROP INDEX page_words, page_host")
    connection = op.get_bind().connection.driver_connection
    assert isinstance(connection, psycopg.Connection)
    _rewrite(connection)
    for statement in INDEXES:
        op.execute(statement)


def _rewrite(connection: "psycopg.Connection[tuple[object, ...]]") -> None:
    connection.execute("CREATE TEMPORARY TABLE named (id bigint, slug text, words text[])")
    last = 0
    while rows := connection.execute(_ROWS, (last, BATCH)).fetchall():
        with connection.cursor() as cursor, cursor.copy("COPY named FROM STDIN") as copy:
            for page, collection, url, key, title in rows:
                found = page_words(str(url), str(title))
                keys = page_keys(found, bytes(key), int(str(collection)))  # type: ignore[call-overload]
                copy.write_row((page, page_slug(str(url)), keys))
        connection.execute(
            "UPDATE page SET slug = named.slug, words = named.words FROM named "
            "WHERE page.id = named.id"
        )
        connection.execute("TRUNCATE named")
        last = int(str(rows[-1][0]))
    connection.execute("DROP TABLE named")
