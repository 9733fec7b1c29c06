"""Text under the new names: words, possessives, parts of longer words, addresses, articles.

It changes strings and knows no file. `traces` is the other half: what of the old names is left.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from .entities import LONG, SPELLINGS, Entity
from .names import Names, cyrillic
from .words import WORD, fold, plain

_ADDRESS = re.compile(r"(/[a-z]+/)([a-z0-9-]+)")
_HAN = re.compile(r"[\u4e00-\u9fff]")
_ARTICLE_GAP = re.compile(r"[\s*_\[“\"]+")


@dataclass(frozen=True, slots=True)
class Renaming:
    """Old names and their new ones: folded single words, and phrases as they stand."""

    words: Mapping[str, str]
    phrases: Mapping[str, str]
    accented: frozenset[str]
    """Old words that are also spelt without their accents, as in `Dvorak`; so are the new ones."""

    def text(self, text: str, english: bool = True) -> str:
        """The text under the new names; in English `a` and `an` follow the next sound."""
        for old, new in self.phrases.items():
            text = re.sub(_bounded(old), new, text)
        parts, last = [], 0
        for address in _ADDRESS.finditer(text):
            parts.append(self._prose(text[last : address.start()], english))
            parts.append(address[1] + self.slug(address[2]))
            last = address.end()
        return "".join(parts) + self._prose(text[last:], english)

    def slug(self, slug: str) -> str:
        """The last part of an address under the new names."""
        for old, new in self.phrases.items():
            slug = re.sub(rf"(?<![a-z0-9]){_slug(old)}(?![a-z0-9])", _slug(new), slug)
        return "-".join(_slug(self._word(part)) for part in slug.split("-"))

    def _prose(self, text: str, english: bool) -> str:
        parts: list[str] = []
        last = 0
        article: tuple[int, int] | None = None  # place in parts and end in text
        for match in WORD.finditer(text):
            parts.append(text[last : match.start()])
            token, gap = match[0], parts[-1]
            new = self._word(token)
            named = new != token or self._is_new(token)
            if english and named and article is not None and _ARTICLE_GAP.fullmatch(gap):
                parts[article[0]] = _article(parts[article[0]], new)
            parts.append(new)
            article = (len(parts) - 1, match.end()) if token.lower() in ("a", "an") else None
            last = match.end()
        return "".join(parts) + text[last:]

    def _is_new(self, token: str) -> bool:
        return any(token == WORD.findall(new)[0] for new in self.phrases.values())

    def _word(self, token: str) -> str:
        key = fold(token)
        new = self.words.get(key)
        rest = ""
        if new is None and len(key) == len(token):
            for old, candidate in self.words.items():
                if len(old) >= LONG and key.startswith(old):
                    new, rest = candidate, token[len(old) :]
                    break
        if new is None:
            return token
        if token.isascii() and key in self.accented:
            new = plain(new)
        return (new.lower() if token.islower() else new) + rest


def renaming(entities: Sequence[Entity], names: Names, text: str) -> Renaming:
    """Invent a new name for every word and phrase of the entities; `text` is what they stand in."""
    found: dict[str, str] = {}
    phrases: dict[str, str] = {}
    for entity in entities:
        for phrase in entity.phrases:
            if phrase in phrases:
                continue
            if phrase == "K2":
                phrases[phrase] = names.code()
                continue
            tail = " Bridge" if phrase.endswith(" Bridge") else ""
            phrases[phrase] = names.word("place") + tail
        for word in entity.words:
            if word in found:
                continue
            if _HAN.search(word):
                phrases[word] = names.han(word)
                continue
            found[word] = names.word(entity.kind)
            for other in SPELLINGS.get(word, ()):
                phrases[other] = _other(other, found[word], names)
    accented = {fold(word) for word in set(WORD.findall(text)) if not word.isascii()}
    return Renaming(found, phrases, frozenset(accented & found.keys()))


def _other(old: str, new: str, names: Names) -> str:
    if _HAN.search(old):
        return names.han(old)
    if not old.isascii() and not plain(old).isascii():
        return cyrillic(new)
    return plain(names.word("place")).lower() if old.islower() else names.word("place")


def traces(text: str, done: Renaming) -> list[str]:
    """Words and phrases of the old names that a rewritten text still holds."""
    found = [old for old in done.phrases if re.search(_bounded(old), text)]
    for address in _ADDRESS.finditer(text):
        found += [old for old in done.phrases if f"-{_slug(old)}-" in f"-{address[2]}-"]
    for token in set(WORD.findall(text)):
        key = fold(token)
        found += [old for old in done.words if old == key or (len(old) >= LONG and old in key)]
    return sorted(set(found))


def _bounded(phrase: str) -> str:
    if _HAN.search(phrase):
        return re.escape(phrase)
    return rf"(?<!\w){re.escape(phrase)}(?!\w)"


def _slug(name: str) -> str:
    return fold(name).replace(" ", "-")


def _article(article: str, name: str) -> str:
    right = "an" if fold(name)[0] in "aeiou" else "a"
    return right.capitalize() if article[0].isupper() else right
