"""What every reading verb opens: the page store, the frozen index and the tools over them."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from indexer.encoders.choose import choose_reader
from indexer.encoders.installed import folder_name
from indexer.encoders.lexical import LexicalEncoder
from indexer.encoders.m3 import NAME as BGE_M3
from indexer.encoders.m3_query import M3QueryEncoder
from indexer.encoders.ready import RERANKER
from indexer.encoders.reranker import OnnxReranker, Reranker
from indexer.frozen import FrozenIndex, frozen_root
from indexer.memory import QueryMemory
from indexer.search import Searcher
from models.profiles import Profile
from store.database import Database, open_database
from store.pages import PageStore
from store.snapshots import Snapshots

from .config import Config
from .errors import ConfigError
from .scope import NO_SCOPE, Scope, ScopedPages, check_dated
from .tools import Toolbox
from .tools.search import SearchTool
from .tools.visit import VisitTool

AUTO, LEXICAL = "auto", "lexical"


@dataclass(frozen=True, slots=True)
class Readers:
    """The open store and index of one home."""

    database: Database
    pages: PageStore
    searcher: Searcher
    encoder: str = ""
    """One sentence on what queries are encoded with, and why."""
    scope: Scope = NO_SCOPE
    """What of the collection searches and visits reach."""

    def corpus_facts(self) -> dict[str, object]:
        """What a run's manifest says of the pages: the collection, and the commit it saw."""
        return {"collection": self.pages.collection, "seq": self.pages.at}

    def remembering(self, memory: QueryMemory) -> "Readers":
        """The same readers for one run, whose query vectors are kept in `memory`."""
        return replace(self, searcher=self.searcher.remembering(memory))

    def within(self, scope: Scope) -> "Readers":
        """The same readers, which reach only what lies in `scope`; ConfigError if it has no date.

        Evidence is read as ever: what a run has seen stays readable.
        """
        if scope == NO_SCOPE:
            return self
        check_dated(scope, self.searcher.index)
        searcher = self.searcher.within(scope.query)
        pages = ScopedPages.of(self.pages, scope)
        return replace(self, searcher=searcher, pages=pages, scope=scope)

    def index_facts(self) -> dict[str, object]:
        """What a run's manifest says of the index: digest, encoder, backend and sizes."""
        index = self.searcher.index
        queries = query_facts(self.searcher)
        return {
            "digest": index.digest,
            "backend": f"frozen-{index.manifest.values['format']}",
            "encoder": index.manifest.values["encoder"],
            "pages": index.live_pages,
            "passages": index.passages,
            **({"queries": queries} if queries else {}),
        }

    def toolbox(self, profile: Profile, run_id: str = "", record_misses: bool = True) -> Toolbox:
        """The two tools, with the sizes that the profile sets."""
        return Toolbox(
            SearchTool(self.searcher, profile.results, profile.snippet_words),
            VisitTool(
                self.pages,
                profile.evidence_words,
                run_id,
                record_misses,
                evidence_tokens=profile.evidence_tokens,
            ),
        )


def query_facts(searcher: Searcher) -> dict[str, object]:
    """What decides the vectors of a query beside the index's encoder, and the second look."""
    facts: dict[str, object] = {}
    if isinstance(searcher.encoder, M3QueryEncoder):
        card = searcher.encoder.model.card
        facts |= {"precision": card.precision, "digest": card.digest}
    if searcher.reranker is not None:
        facts["reranker"] = {"name": searcher.reranker.name, "digest": searcher.reranker.digest}
    return facts


@contextmanager
def open_store(config: Config) -> Iterator[Database]:
    """Open the page store of the home, or the database that the settings name."""
    database = open_database(config.home.create().root, config.database_url or None)
    try:
        yield database
    finally:
        database.close()


@dataclass(frozen=True, slots=True)
class Pinned:
    """A past state: the digest of the frozen index that was read, and the store's commit."""

    index: str
    seq: int


@contextmanager
def open_readers(config: Config, pinned: Pinned | None = None) -> Iterator[Readers]:
    """Open frozen index and store; IndexMissing names the repair when nothing is indexed.

    Pages are those of the commit that is the last one now, or of the past state `pinned`: what
    is written while they are open is not seen. The index first: what reads queries loads while
    PostgreSQL is reached, or started.
    """
    root = config.home.create().root
    index = FrozenIndex.open(
        frozen_root(root, config.collection), pinned.index if pinned is not None else ""
    )
    again = _reranker_folder(config)  # refused before anything begins to load
    choice = choose_reader(
        config.home.encoders,
        index.manifest.values["encoder"],
        config.query_precision,
        wanted_encoder(config),
        config.encoder,
    )
    reranker: Reranker | None = None
    said = choice.reason
    if again is not None:
        reranker = _begun(again)
        said = f"{said}, and {reranker.name} for the first {config.rerank_pages} pages"
    with open_store(config) as database:
        seq = pinned.seq if pinned is not None else Snapshots(database).seq()
        pages = PageStore(database, config.collection, at=seq)
        searcher = Searcher(
            index, pages, choice.encoder, reranker=reranker, depth=config.rerank_pages
        )
        yield Readers(database, pages, searcher, said)


def encoder_weights(config: Config) -> Path | None:
    """The BGE-M3 folder that the settings name, or the one in the home; None means BM25."""
    if config.encoder == LEXICAL:
        return None
    found = config.home.models / BGE_M3
    if config.encoder == AUTO:
        return found if found.is_dir() else None
    return _is_folder(found if config.encoder == BGE_M3 else Path(config.encoder).expanduser())


def _is_folder(folder: Path) -> Path:
    if not folder.is_dir():
        raise ConfigError(
            f"the setting encoder names {folder}, which is no folder; "
            "give auto, lexical, bge-m3, or the folder of a BGE-M3 checkpoint"
        )
    return folder


def reranker_weights(config: Config) -> Path | None:
    """The folder of the reranker's checkpoint that the settings name; None where they name none."""
    if not config.reranker:
        return None
    if config.reranker == RERANKER:
        return config.home.models / RERANKER
    return Path(config.reranker).expanduser()


def wanted_encoder(config: Config) -> str:
    """The name of the encoder that the settings insist on, or an empty string.

    Raises ConfigError for a folder that is not there: more often it is a name mistyped.
    """
    named = {AUTO: "", LEXICAL: LexicalEncoder.name, BGE_M3: BGE_M3}
    if config.encoder not in named:
        _is_folder(Path(config.encoder).expanduser())
    return named.get(config.encoder, BGE_M3)


def _reranker_folder(config: Config) -> Path | None:
    if not config.reranker:
        return None
    folder = config.home.encoders / folder_name(RERANKER, config.query_precision)
    if not folder.is_dir():
        raise ConfigError(
            f"the setting reranker asks for {config.reranker} and {folder} is not there; run "
            "appliance index where its checkpoint is, or set reranker to nothing"
        )
    return folder


def _begun(folder: Path) -> Reranker:
    reranker = OnnxReranker(folder)
    reranker.model.begin()
    return reranker
