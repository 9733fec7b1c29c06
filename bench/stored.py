"""A test collection in a temporary home, indexed and asked as the product does it.

Documents go through the page store, the passages, Milvus and the frozen index, and every list
comes from `indexer.search.Searcher`. It knows nothing of judgements.
"""

import itertools
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from hashlib import blake2b
from pathlib import Path

from extraction.metadata import detect_language
from indexer.build import IndexReport, build
from indexer.encoders.base import Encoder
from indexer.encoders.choose import choose
from indexer.encoders.lexical import LexicalEncoder
from indexer.passages import DEFAULT_CHUNKER, Chunker
from indexer.ranking import DEFAULT_FUSION, Fusion
from indexer.search import Hit, Searcher
from store.database import Database, open_database
from store.errors import UrlError
from store.page import PageVersion
from store.pages import PageStore
from store.urls import url_hash

from .beir import Collection, Document, Topic
from .corpus import WHEN
from .errors import SettingError
from .links import links
from .scratch import scratch

FIELDS = ("title", "text", "url")
SHOWN = 10
"""Results of one search as a researcher gets them: its latency is what is measured."""
BATCH = 500
HOST = "corpus.test"
SAMPLE, LETTERS = 2000, 20
"""Letters in which a language is looked for, and the fewest of which one can be told."""
RARE = 0.01
"""A language of fewer documents than this share is a mistake about short texts full of names."""


@dataclass(frozen=True, slots=True)
class Setting:
    """What decides a ranking: all that can be switched."""

    encoder: Encoder = field(default_factory=LexicalEncoder)
    fusion: Fusion = DEFAULT_FUSION
    chunker: Chunker = DEFAULT_CHUNKER


@dataclass(frozen=True, slots=True)
class Answers:
    """The list of every query, the best first, and the milliseconds of searching for ten each."""

    run: dict[str, list[str]]
    milliseconds: tuple[float, ...]


class Stored:
    """A collection in a home's page store; it is indexed anew when a setting needs that.

    `names` are those of the documents, by the hash of the address that each is stored under.
    """

    def __init__(self, home: Path, database: Database, names: dict[bytes, str]) -> None:
        self.home = home
        self.database = database
        self.repeated = 0
        self.languages: Counter[str] = Counter()
        self.names = names
        self._indexed: tuple[str, str] | None = None

    @property
    def known(self) -> set[str]:
        """The names of all documents."""
        return set(self.names.values())

    def index(self, setting: Setting) -> IndexReport:
        """Build the index that a setting needs."""
        report = build(self.database, self.home, setting.encoder, chunker=setting.chunker)
        self._indexed = (setting.encoder.digest, setting.chunker.digest)
        return report

    def ask(self, topics: Sequence[Topic], setting: Setting, depth: int = SHOWN) -> Answers:
        """Search for every topic.

        The first ten are those of a search for ten, as a researcher gets them; further ones come
        from a search for `depth`, which is not timed.
        """
        if self._indexed != (setting.encoder.digest, setting.chunker.digest):
            self.index(setting)
        searcher = Searcher.open(self.database, self.home, setting.encoder)
        searcher.fusion = setting.fusion
        for topic in topics[:1]:
            searcher.search(topic.text, SHOWN)  # the first one imports and maps what is needed
        run: dict[str, list[str]] = {}
        taken = []
        for topic in topics:
            started = time.perf_counter()
            hits = searcher.search(topic.text, SHOWN)
            taken.append((time.perf_counter() - started) * 1000)
            run[topic.id] = self._named(hits)
        if depth > SHOWN:
            for topic in topics:
                deep = self._named(searcher.search(topic.text, depth))
                run[topic.id] = list(dict.fromkeys([*run[topic.id], *deep]))
        return Answers({key: names[:depth] for key, names in run.items()}, tuple(taken))

    def _named(self, hits: Iterable[Hit]) -> list[str]:
        return [self.names[url_hash(hit.url)] for hit in hits]


@contextmanager
def stored(
    collection: Collection, fields: Sequence[str] = FIELDS, language: str | None = None
) -> Iterator[Stored]:
    """Store a collection in a temporary home, which is gone afterwards.

    `fields` are those of FIELDS that pages get. `language` is that of every page; None tells it
    from the texts. Raises CollectionError.
    """
    with scratch() as home, open_database(home) as database:
        kept = Stored(home, database, {})
        pages = PageStore(database)
        versions = _versions(collection, fields, language, kept)
        while batch := list(itertools.islice(versions, BATCH)):
            pages.add(batch)
        yield kept


def _versions(
    collection: Collection, fields: Sequence[str], language: str | None, kept: Stored
) -> Iterator[PageVersion]:
    names = kept.names
    tags = itertools.repeat(language) if language is not None else iter(languages(collection))
    for document, tag in zip(collection.documents(), tags, strict=False):
        page = _page(document, "url" in fields)
        key = url_hash(page.url)
        if not collection.by_address and names.get(key, document.id) != document.id:
            # Two documents with one address are two documents.
            page = _page(document, False)
            key = url_hash(page.url)
        kept.repeated += key in names
        names.setdefault(key, document.id)
        title = document.title if "title" in fields else ""
        # A page without text would have no passage, and nothing would find it.
        text = document.text if "text" in fields and document.text.strip() else title
        kept.languages[tag] += 1
        found = links(text, page.url) if collection.by_address else ()
        yield replace(page, title=title, text=text, lang=tag, outlinks=found)


def _page(document: Document, with_url: bool) -> PageVersion:
    """Return the page of a document without its words, under an address of its own.

    What has no address that the store takes, or is not to show it, gets one that tells nothing:
    not the id, which may be a word, not its place, which may be an order of merit, and not a site
    that it shares with others.
    """
    if with_url and document.url:
        try:
            return PageVersion(document.url, "", "", WHEN, source="bench")
        except UrlError:
            pass
    name = blake2b(document.id.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()
    return PageVersion(f"https://{name}.{HOST}/", "", "", WHEN, source="bench")


def languages(collection: Collection) -> list[str]:
    """Return the language of each document, as a crawl tells it where a page does not say.

    Pages mostly say, and the documents of a collection never do. So they are told together: what
    is told of few of them is taken back, and they get the commonest one. A wrong language is not
    only one badly stemmed document: every query is stemmed in each language of the index.
    """
    told = [_language(f"{one.title}\n{one.text}") for one in collection.documents()]
    counts = Counter(tag for tag in told if tag)
    commonest = max(counts, key=lambda tag: (counts[tag], tag), default="")
    return [tag if counts[tag] >= RARE * len(told) else commonest for tag in told]


def _language(text: str) -> str:
    sample = text[:SAMPLE]
    return detect_language(sample) if sum(map(str.isalpha, sample)) >= LETTERS else ""


def encoder_named(name: str) -> Encoder:
    """Return the encoder that `--encoder` names: `lexical`, or the folder of a BGE-M3 checkpoint.

    Raises SettingError for anything else, EncoderError for an incomplete folder.
    """
    if name in ("lexical", LexicalEncoder.name):
        return LexicalEncoder()
    folder = Path(name).expanduser()
    if not folder.is_dir():
        raise SettingError(
            f"There is no encoder {name!r}: give lexical, or the folder of a BGE-M3 checkpoint."
        )
    return choose(folder).encoder


def fields_named(text: str) -> tuple[str, ...]:
    """Return the fields that `--fields` names. Raises SettingError for one that there is not."""
    found = tuple(dict.fromkeys(name.strip() for name in text.split(",") if name.strip()))
    if unknown := sorted(set(found) - set(FIELDS)):
        raise SettingError(
            f"There is no field {unknown[0]!r}: choose from {', '.join(FIELDS)}; nothing else of "
            "a document is ever indexed."
        )
    if not {"title", "text"} & set(found):
        raise SettingError("Without title and text nothing is left to index: name one of them.")
    return found
