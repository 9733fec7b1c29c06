"""Test collections on disk: documents, queries and judgements, in the layouts of the field.

Documents are a `corpus.jsonl` as BEIR has it (`_id`, `title`, `text`) or a `pages.jsonl` (`url`,
`title`, `text`); of both nothing else is read, because other fields may hold the answers.
Judgements are qrels, and what the queries themselves say. It knows no index and no measure;
whatever is wrong with a file is one sentence.

BEIR: Thakur et al., "BEIR: A Heterogeneous Benchmark for Zero-shot Evaluation" (2021).
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from store.errors import UrlError
from store.urls import identity

from .errors import CollectionError

CORPUS, PAGES = "corpus.jsonl", "pages.jsonl"
QUERIES = "queries.jsonl"

RELEVANT, SUPPORT, LISTED, VISITED, NEXT = "relevant", "support", "listed", "visited", "next"
"""Kinds of judgements: qrels, or without them the next one that there is; the documents that an
answer needs; what another engine listed; what was opened later, or before the next search."""
_IN_QUERIES = {
    "supporting_doc_ids": SUPPORT,
    "results": LISTED,
    "gold_visited": VISITED,
    "gold_visited_before_next_search": NEXT,
}

Judged = Mapping[str, Mapping[str, int]]
"""Query id → document id → gain; only what is relevant, and only queries that have some."""


@dataclass(frozen=True, slots=True)
class Document:
    """One document. `url` is empty where the collection gives it none."""

    id: str
    title: str
    text: str
    url: str = ""


@dataclass(frozen=True, slots=True)
class Topic:
    """One query."""

    id: str
    text: str


@dataclass(frozen=True, slots=True)
class Collection:
    """A test collection that was found in a folder; documents are read from it as a stream."""

    name: str
    documents_file: Path
    queries_file: Path
    qrels_file: Path | None
    topics: tuple[Topic, ...]
    judged: Mapping[str, Judged]
    by_address: bool

    def documents(self) -> Iterator[Document]:
        """Yield every document. Raises CollectionError at the line that is wrong."""
        seen: dict[str, int] = {}
        for number, value in _rows(self.documents_file):
            url = _words(value, ("url",))
            key = url if self.by_address else _words(value, ("_id", "id")) or url
            if not key:
                wanted = "url" if self.by_address else "_id"
                raise _bad(self.documents_file, number, f"has no {wanted}", f"give it a {wanted}")
            first = seen.setdefault(key, number)
            # A page that is listed twice is a page that changed; a document is one document.
            if first != number and not self.by_address:
                raise _bad(
                    self.documents_file, number, f"has the _id of line {first} ({key!r})",
                    "give each document an _id of its own",
                )  # fmt: skip
            yield Document(key, _words(value, ("title",)), _words(value, ("text",)), url)
        if not seen:
            raise CollectionError(f"{self.documents_file} holds no document: give one a line.")

    def same(self, name: str) -> str:
        """Return what documents are compared by: their id, or an address in its barest form."""
        return bare(name) if self.by_address else name


def bare(url: str) -> str:
    """Return an address without scheme, `www.`, fragment, last slash and percent-coding."""
    try:
        found = identity(url)
    except UrlError:
        found = url.strip()
    return unquote(found)


def read(folder: Path, queries: Path | None = None, qrels: Path | None = None) -> Collection:
    """Find the files of a test collection and read all but its documents.

    Raises CollectionError with what is missing or wrong.
    """
    if not folder.is_dir():
        raise CollectionError(f"{folder} is no folder; give the folder of a test collection.")
    documents = next((folder / n for n in (CORPUS, PAGES) if (folder / n).is_file()), None)
    if documents is None:
        raise CollectionError(
            f"There is neither {CORPUS} nor {PAGES} in {folder}; give a folder in the layout of "
            "BEIR, or one of pages."
        )
    by_address = documents.name == PAGES
    queries = _given(queries) or _queries_in(folder)
    qrels = _given(qrels) or _qrels_in(folder, queries)
    same: Callable[[str], str] = bare if by_address else str
    topics: list[Topic] = []
    judged: dict[str, dict[str, dict[str, int]]] = {}
    for number, value in _rows(queries):
        key = _words(value, ("_id", "id", "qid"))
        text = _words(value, ("text", "query", "question"))
        if not key or not text.strip():
            raise _bad(
                queries, number, "has no id or no text", 'write it as {"_id": "…", "text": "…"}'
            )
        topics.append(Topic(key, text))
        for name, kind in _IN_QUERIES.items():
            names = value.get(name)
            if names and isinstance(names, list):
                judged.setdefault(kind, {})[key] = {same(str(one)): 1 for one in names}
    _unique(queries, topics)
    if qrels is not None:
        judged[RELEVANT] = _read_qrels(qrels, same)
        known = {topic.id for topic in topics}
        if not known & judged[RELEVANT].keys():
            raise CollectionError(
                f"No query that {qrels} judges is in {queries}: give the qrels of these queries."
            )
    elif other := judged.get(SUPPORT) or judged.get(LISTED):
        judged[RELEVANT] = other
    return Collection(
        folder.resolve().name, documents, queries, qrels, tuple(topics), judged, by_address
    )


def check_documents(collection: Collection, known: set[str]) -> str:
    """Return a sentence on judged documents that are not there; empty when all are.

    A few that are missing count as never found, as they do everywhere. Raises CollectionError
    when most are: then the judgements are of other documents.
    """
    if collection.qrels_file is None:
        return ""
    wanted = {name for row in collection.judged[RELEVANT].values() for name in row}
    missing = sorted(wanted - known)
    if not missing:
        return ""
    of = f"{len(missing):,} of the {len(wanted):,} documents that {collection.qrels_file} judges"
    if 2 * len(missing) > len(wanted):
        raise CollectionError(
            f"{of} are not in {collection.documents_file}, {missing[0]!r} for one: give the qrels "
            "of these documents."
        )
    return f"{of} are not among the documents ({missing[0]!r} for one) and count as not found."


def _given(path: Path | None) -> Path | None:
    if path is not None and not path.is_file():
        raise CollectionError(f"There is no file {path}: give one that is there.")
    return path


def _queries_in(folder: Path) -> Path:
    if (folder / QUERIES).is_file():
        return folder / QUERIES
    found = sorted([*folder.glob("queries.*.jsonl"), *folder.glob("questions*.jsonl")])
    if len(found) == 1:
        return found[0]
    if found:
        raise CollectionError(f"{_listed(found)} could be asked: say which with --queries.")
    raise CollectionError(f"There is no {QUERIES} in {folder}: name a file with --queries.")


def _qrels_in(folder: Path, queries: Path) -> Path | None:
    """Return the judgements of `queries` in a folder; None when there are none."""
    split = queries.name.removesuffix(".jsonl").partition(".")[2]
    likely = [f"qrels.{split}.tsv", f"qrels/{split}.tsv"] if split else []
    for name in (*likely, "qrels.tsv", "qrels/test.tsv"):
        if (folder / name).is_file():
            return folder / name
    found = sorted([*folder.glob("qrels*.tsv"), *folder.glob("qrels/*.tsv")])
    if len(found) > 1:
        raise CollectionError(f"{_listed(found)} could be the judgements: say which with --qrels.")
    return found[0] if found else None


def _listed(paths: Sequence[Path]) -> str:
    return " and ".join(", ".join(map(str, paths)).rsplit(", ", 1))


def _read_qrels(path: Path, same: Callable[[str], str]) -> dict[str, dict[str, int]]:
    """Read BEIR's three columns, with or without their head, or the four of TREC."""
    found: dict[str, dict[str, int]] = {}
    for number, line in _lines(path):
        parts = line.split("\t") if "\t" in line else line.split()
        if len(parts) == 4:
            parts = [parts[0], *parts[2:]]
        if number == 1 and parts[-1].strip() in ("score", "relevance", "label"):
            continue
        try:
            query, document, gain = parts[0], parts[1], int(parts[2])
        except (IndexError, ValueError):
            raise _bad(
                path, number, "is no judgement",
                "write query id, document id and a whole number with tabs between them",
            ) from None  # fmt: skip
        if gain > 0:
            found.setdefault(query, {})[same(document)] = gain
    if not found:
        raise CollectionError(f"{path} judges nothing relevant: give other qrels.")
    return found


def _unique(path: Path, topics: Sequence[Topic]) -> None:
    seen: set[str] = set()
    for topic in topics:
        if topic.id in seen:
            raise CollectionError(
                f"{path} has two queries with the id {topic.id!r}: give each an id of its own."
            )
        seen.add(topic.id)
    if not topics:
        raise CollectionError(f"{path} holds no query: give a JSONL file with one a line.")


def _lines(path: Path) -> Iterator[tuple[int, str]]:
    """Yield the lines that are not blank, numbered from 1; only a line feed ends a line."""
    try:
        with path.open(encoding="utf-8-sig", newline="\n") as file:
            for number, line in enumerate(file, 1):
                if line.strip():
                    yield number, line.rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        raise CollectionError(f"{path} cannot be read as UTF-8 text ({error}).") from error


def _rows(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    for number, line in _lines(path):
        try:
            value = json.loads(line)
        except (ValueError, RecursionError):
            raise _bad(path, number, "is not JSON", "mend that line") from None
        if not isinstance(value, dict):
            raise _bad(path, number, "is no JSON object", "mend that line")
        yield number, value


def _words(value: Mapping[str, Any], names: Sequence[str]) -> str:
    """Return the first of the named fields that is there, as text."""
    return next((str(value[name]) for name in names if value.get(name) is not None), "")


def _bad(path: Path, number: int, what: str, repair: str) -> CollectionError:
    return CollectionError(f"Line {number} of {path} {what}: {repair}.")
