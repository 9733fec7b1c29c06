"""Pages cut into passages of 200 to 400 tokens that keep to headings, tables and code fences.

Pure: text in, spans out, the same for the same text everywhere. A passage is a span of the
stored Markdown and nothing else; the title and heading path are added only when it is encoded.
This module knows no encoder and no database.
"""

import hashlib
import re
from dataclasses import dataclass

from store.digest import blake_json, canonical_json

from .blocks import CODE, HEADING, PARAGRAPH, TABLE, Block, blocks, lines
from .sentences import sentences
from .tokens import UNSPACED

DEFAULT_COLLECTION = "web"
_WORD = re.compile(r"\w+")


@dataclass(frozen=True, slots=True)
class Chunker:
    """The constants of the splitter, in tokens of `count_tokens`; `digest` names them all."""

    least: int = 200
    most: int = 400
    overlap: int = 40
    version: str = "passages-1"

    @property
    def digest(self) -> str:
        """The tagged digest that passages cut with these constants carry."""
        return blake_json([self.version, self.least, self.most, self.overlap])


DEFAULT_CHUNKER = Chunker()


@dataclass(frozen=True, slots=True)
class Passage:
    """One passage: `text[start:end]` of its page, with the heading path in force at its start."""

    ordinal: int
    start: int
    end: int
    headings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Unit:
    """What is never cut if it can be helped: a sentence, a row, an item, a small table or fence."""

    start: int
    end: int
    tokens: int
    prose: bool


def count_tokens(text: str) -> int:
    """Estimate subword tokens: one for six letters of a word, one for an unspaced character."""
    unspaced = len(UNSPACED.findall(text))
    spaced = UNSPACED.sub(" ", text) if unspaced else text
    return unspaced + sum(1 + (len(word) - 1) // 6 for word in _WORD.findall(spaced))


def passage_id(
    url: str,
    version_digest: str,
    start: int,
    end: int,
    chunker_digest: str,
    collection: str = DEFAULT_COLLECTION,
) -> int:
    """Return the 63-bit id of a passage.

    The URL is part of it because two pages may hold the same content, and the collection because
    two of them may hold the same page. The default one goes unnamed.
    """
    parts = [url, version_digest, start, end, chunker_digest]
    if collection != DEFAULT_COLLECTION:
        parts.append(collection)
    name = canonical_json(parts)
    return int.from_bytes(hashlib.blake2b(name, digest_size=8).digest(), "big") >> 1


def split(text: str, title: str = "", chunker: Chunker = DEFAULT_CHUNKER) -> list[Passage]:
    """Cut `text` into passages that together cover every non-blank character.

    A heading equal to `title` at the top is left out of heading paths, for the title is encoded
    beside them. Passages overlap only inside a section that had to be cut.
    """
    found: list[Passage] = []
    path: list[tuple[int, str]] = []
    pending: list[_Unit] = []
    pending_path: tuple[str, ...] = ()
    size = 0

    def emit(units: list[_Unit]) -> None:
        if units:
            found.append(Passage(len(found), units[0].start, units[-1].end, pending_path))

    for heads, body in _sections(blocks(text)):
        # Heading lines go with the text under them: a new passage never ends on a heading.
        for head in heads:
            while path and path[-1][0] >= head.level:
                path.pop()
            path.append((head.level, head.heading))
        units = [_Unit(h.start, h.end, count_tokens(h.heading), False) for h in heads]
        for block in body:
            units.extend(_units(text, block, chunker.most))
        total = sum(unit.tokens for unit in units)
        if pending and (size >= chunker.least or size + total > chunker.most):
            emit(pending)
            pending, size = [], 0
        if not pending:
            pending_path = tuple(words for _, words in path if words and words != title)
        section_start = len(pending)
        for unit in units:
            if size + unit.tokens > chunker.most and len(pending) > 0:
                emit(pending)
                pending = _overlap(pending[section_start:], chunker.overlap)
                section_start = 0
                size = sum(kept.tokens for kept in pending)
                if size + unit.tokens > chunker.most:
                    pending, size = [], 0
                pending_path = tuple(words for _, words in path if words and words != title)
            pending.append(unit)
            size += unit.tokens
    emit(pending)
    return found


def _sections(all_blocks: list[Block]) -> list[tuple[list[Block], list[Block]]]:
    """Group blocks into sections: the headings that open one, and the blocks below them."""
    sections: list[tuple[list[Block], list[Block]]] = []
    for block in all_blocks:
        if block.kind == HEADING and sections and not sections[-1][1]:
            sections[-1][0].append(block)
        elif block.kind == HEADING:
            sections.append(([block], []))
        elif sections:
            sections[-1][1].append(block)
        else:
            sections.append(([], [block]))
    return sections


def _units(text: str, block: Block, most: int) -> list[_Unit]:
    """Cut a block into units of at most `most` tokens."""
    whole = count_tokens(text[block.start : block.end])
    if block.kind in (TABLE, CODE) and whole <= most:
        return [_Unit(block.start, block.end, whole, False)]
    prose = block.kind == PARAGRAPH
    if prose:
        spans = sentences(text, block.start, block.end)
    else:
        spans = [s for s in lines(text, block.start, block.end) if text[s[0] : s[1]].strip()]
    units: list[_Unit] = []
    for start, end in spans:
        tokens = count_tokens(text[start:end])
        if tokens <= most:
            units.append(_Unit(start, end, tokens, prose))
        else:
            units.extend(_windows(text, start, end, most))
    return units


def _windows(text: str, start: int, end: int, most: int) -> list[_Unit]:
    """Cut an over-long sentence, row or code line at word ends, or anywhere if it has none."""
    units: list[_Unit] = []
    while start < end:
        stop, tokens = start, 0
        while stop < end:
            match = _WORD.search(text, stop, end)
            if match is None:
                stop = end
                break
            piece_end = match.end()
            if UNSPACED.match(match[0]):
                piece_end = match.start() + 1
            piece_end = min(piece_end, match.start() + 6 * most)
            cost = count_tokens(text[match.start() : piece_end])
            if tokens and tokens + cost > most:
                break
            stop, tokens = piece_end, tokens + cost
        if _WORD.search(text, stop, end) is None:
            stop = end
        units.append(_Unit(start, stop, tokens, False))
        start = stop
        while start < end and text[start].isspace():
            start += 1
    return units


def _overlap(units: list[_Unit], most: int) -> list[_Unit]:
    """Return the last sentences of a cut section that fit into `most` tokens."""
    kept: list[_Unit] = []
    size = 0
    for unit in reversed(units):
        if not unit.prose or size + unit.tokens > most:
            break
        kept.insert(0, unit)
        size += unit.tokens
    return kept if len(kept) < len(units) else kept[1:]
