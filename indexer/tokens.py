"""Words of a text as the terms that BM25 counts: folded, stemmed, identifiers whole and in parts.

Pure text in, terms out. This module does not weigh, hash or store terms, and it does not guess
languages: it is told one. Chinese, Japanese, Korean and the South-East Asian scripts, which put
no spaces between words, become overlapping pairs of characters.
"""

import re
import unicodedata
from collections.abc import Callable
from functools import lru_cache

VERSION = "tokens-1"

_UNSPACED = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff"  # Thai, Lao, Burmese, Khmer
    "\u1100-\u11ff\u3005-\u3007\u3040-\u30ff\u3130-\u318f\u31f0-\u31ff"  # Jamo, kana
    "\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003134f"
)
UNSPACED = re.compile(f"[{_UNSPACED}]")
_RUN = re.compile(rf"[{_UNSPACED}]+|(?:(?![{_UNSPACED}])\w)+(?:[.,'’\-](?:(?![{_UNSPACED}])\w)+)*")
_THOUSANDS = re.compile(r"\d{1,3}(?:,\d{3})+(?:\.\d+)?")
_NUMBER = re.compile(r"\d+(?:\.\d+)?")
_PARTS = re.compile(r"[^\W\d_]+|\d+")
_CAMEL = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[^\W\d_A-Za-z]+|\d+")
_MIXED_CASE = re.compile(r"[a-z][A-Z]|[A-Z]{2,}[a-z]")
_POSSESSIVE = re.compile(r"['’]s?$")

STEMMED = {
    "da": ("danish_stemmer", "DanishStemmer"),
    "de": ("german_stemmer", "GermanStemmer"),
    "en": ("english_stemmer", "EnglishStemmer"),
    "es": ("spanish_stemmer", "SpanishStemmer"),
    "fi": ("finnish_stemmer", "FinnishStemmer"),
    "fr": ("french_stemmer", "FrenchStemmer"),
    "hu": ("hungarian_stemmer", "HungarianStemmer"),
    "it": ("italian_stemmer", "ItalianStemmer"),
    "nl": ("dutch_stemmer", "DutchStemmer"),
    "no": ("norwegian_stemmer", "NorwegianStemmer"),
    "pt": ("portuguese_stemmer", "PortugueseStemmer"),
    "ro": ("romanian_stemmer", "RomanianStemmer"),
    "ru": ("russian_stemmer", "RussianStemmer"),
    "sv": ("swedish_stemmer", "SwedishStemmer"),
    "tr": ("turkish_stemmer", "TurkishStemmer"),
}
DEFAULT_LANGUAGE = "en"
UNSTEMMED = "unstemmed"
"""In the place of a language: words are folded and not stemmed. No page's language is called so."""


def language_key(language: str) -> str:
    """Return the stemmer key of a BCP 47 tag: `pt-BR` → `pt`, unknown or empty → `en`."""
    key = language.lower().replace("_", "-").split("-")[0]
    return key if key in STEMMED or key == UNSTEMMED else DEFAULT_LANGUAGE


def fold(word: str) -> str:
    """Take accents off Latin, Greek and Cyrillic letters, so that Dvorak finds Dvořák."""
    if word.isascii():
        return word
    decomposed = unicodedata.normalize("NFKD", word)
    return unicodedata.normalize(
        "NFC", "".join(c for c in decomposed if not "\u0300" <= c <= "\u036f")
    ).replace("ß", "ss")


@lru_cache(maxsize=32)
def _stemmer(key: str) -> Callable[[str], str]:
    from importlib import import_module

    # The pure Python class by name, never `snowballstemmer.stemmer()`: that one silently hands
    # over to PyStemmer where it is installed, whose version is not the one our digest names.
    module, name = STEMMED[key]
    stem: Callable[[str], str] = getattr(
        import_module(f"snowballstemmer.{module}"), name
    )().stemWord
    return stem


@lru_cache(maxsize=200_000)
def stem(word: str, language: str) -> str:
    """Return the folded Snowball stem of one lower-case word; `language` is a stemmer key."""
    return fold(word if language == UNSTEMMED else _stemmer(language)(word))


def terms(text: str, language: str = DEFAULT_LANGUAGE, *, single: bool = True) -> list[str]:
    """Return the terms of `text` in order, repeats included.

    `language` is any language tag. With `single` (the document's side) every character of an
    unspaced script is a term beside the pairs; without it (the query's side) only a lone one is.
    """
    key = language_key(language)
    found: list[str] = []
    for match in _RUN.finditer(unicodedata.normalize("NFKC", text)):
        run = match[0]
        if UNSPACED.match(run):
            found.extend(run[i : i + 2] for i in range(len(run) - 1))
            if single or len(run) == 1:
                found.extend(run)
        else:
            _spaced(run, key, found)
    return found


def _spaced(run: str, key: str, found: list[str]) -> None:
    """Append the terms of one run of letters, digits and joining marks."""
    if run.isalpha() and not _MIXED_CASE.search(run):
        found.append(stem(run.lower(), key))
        return
    if _THOUSANDS.fullmatch(run):
        found.append(run.replace(",", ""))
        return
    if _NUMBER.fullmatch(run):
        found.append(run)
        return
    if "-" in run and any(c.isdigit() for c in run):
        found.append(fold(run.lower()))  # utf-8, 1937-05-27
    for segment in re.split(r"[,\-]", run):
        _segment(_POSSESSIVE.sub("", segment), key, found)


def _segment(segment: str, key: str, found: list[str]) -> None:
    """Append a word, or an identifier both whole and in its parts."""
    if not segment.strip("_"):
        return
    if segment.isalpha() and not _MIXED_CASE.search(segment):
        found.append(stem(segment.lower(), key))
        return
    if _NUMBER.fullmatch(segment):
        found.append(segment)
        return
    parts = [p for piece in _PARTS.findall(segment) for p in _CAMEL.findall(piece)]
    whole = fold(segment.lower())
    if len(parts) != 1 or parts[0].lower() != whole:
        found.append(whole)
    found.extend(p if p.isdigit() else stem(p.lower(), key) for p in parts)


def count_words(text: str) -> int:
    """Count words for budgets; two characters of an unspaced script count as one word."""
    unspaced = len(UNSPACED.findall(text))
    return len(UNSPACED.sub(" ", text).split()) + (unspaced + 1) // 2
