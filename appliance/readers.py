"""What every reading verb opens: the page store, the frozen index and the tools over them."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from indexer.encoders.base import Encoder
from indexer.encoders.choose import choose
from indexer.memory import QueryMemory
from indexer.search import Searcher
from models.profiles import Profile
from store.database import Database, open_database
from store.pages import PageStore

from .config import Config
from .errors import ConfigError
from .tools import Toolbox
from .tools.search import SearchTool
from .tools.visit import VisitTool


@dataclass(frozen=True, slots=True)
class Readers:
    """The open store and index of one home."""

    database: Database
    pages: PageStore
    searcher: Searcher

    def remembering(self, memory: QueryMemory) -> "Readers":
        """The same readers for one run, whose query vectors are kept in `memory`."""
        return replace(self, searcher=self.searcher.remembering(memory))

    def index_facts(self) -> dict[str, object]:
        """What a run's manifest says of the index: digest, encoder, backend and sizes."""
        index = self.searcher.index
        return {
            "digest": index.digest,
            "backend": f"frozen-{index.manifest.values['format']}",
            "encoder": index.manifest.values["encoder"],
            "pages": index.pages,
            "passages": index.passages,
        }

    def toolbox(self, profile: Profile, run_id: str = "", record_misses: bool = True) -> Toolbox:
        """The two tools, with the sizes that the profile sets."""
        return Toolbox(
            SearchTool(self.searcher, profile.results, profile.snippet_words),
            VisitTool(self.pages, profile.evidence_words, run_id, record_misses),
        )


@contextmanager
def open_store(config: Config) -> Iterator[Database]:
    """Open the page store of the home, or the database that the settings name."""
    database = open_database(config.home.create().root, config.database_url or None)
    try:
        yield database
    finally:
        database.close()


@contextmanager
def open_readers(config: Config) -> Iterator[Readers]:
    """Open store and frozen index; IndexMissing names the repair when nothing is indexed."""
    with open_store(config) as database:
        searcher = Searcher.open(
            database, config.home.root, _query_encoder(config), config.collection
        )
        yield Readers(database, PageStore(database, config.collection), searcher)


def encoder_weights(config: Config) -> Path | None:
    """The BGE-M3 folder that the settings name, or the one in the home; None means BM25."""
    if config.encoder == "lexical":
        found = config.home.models / "bge-m3"
        return found if found.is_dir() else None
    folder = Path(config.encoder).expanduser()
    if not folder.is_dir():
        raise ConfigError(
            f"the setting encoder names {folder}, which is no folder; "
            "give the folder of a BGE-M3 checkpoint, or `lexical`"
        )
    return folder


def _query_encoder(config: Config) -> Encoder | None:
    """The encoder that queries need, which must be the one that built the index; None: BM25."""
    weights = encoder_weights(config)
    return choose(weights).encoder if weights is not None else None
