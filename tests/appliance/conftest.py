"""Fixtures of the appliance's tests: a small corpus that is really stored and really indexed."""

from collections.abc import Callable

import pytest

from store.codec import Packer
from store.database import Database
from store.pages import PageStore


@pytest.fixture
def alter() -> Callable[[Database, str, str, str], None]:
    """Change a stored page behind the store's back, as a bad disk or a forger would."""

    def change(database: Database, url: str, old: str, new: str) -> None:
        page = PageStore(database).resolve(url)
        assert page is not None
        assert old in page.text
        with database.raw() as connection:
            connection.execute(
                "UPDATE page_version SET body = %s WHERE id = %s",
                (Packer().text(page.text.replace(old, new)), page.version_id),
            )

    return change
