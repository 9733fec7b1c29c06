"""Where the sentences of a stretch of prose begin and end, as exact character spans.

Rules only, for any language: full stops, question and exclamation marks (the full-width ones
too), with care for abbreviations, initials, decimals and links. It does not read Markdown blocks.
"""

import re

_STOP = re.compile(r"""[.!?…]+["'’”»)\]*_`]*(?=\s|$)|[。！？；]+["'”』」）]*|\n[ \t]*\n""")
_ABBREVIATION = re.compile(
    r"(?:^|[\s(\[“\"'])(?:[A-Za-zÀ-Þ]|(?:[A-Za-z]\.)+[A-Za-z]|Mr|Mrs|Ms|Dr|Prof|St|Mt|Sr|Jr|vs|etc"
    r"|approx|ca|cf|No|Nos|Vol|Fig|pp|Op|op|ed|eds|Inc|Ltd|Co|Corp|Gen|Col|Capt|Lt|Rev|Hon|Sra|Dra"
    r"|Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sep|Sept|Oct|Nov|Dec|bzw|usw|Nr|incl|est|fl|dt)\.$"
)
_NEVER_LAST = re.compile(
    r"(?:^|[\s(])(?:e\.g|i\.e|Mr|Mrs|Ms|Dr|Prof|St|Mt|vs|cf|No|Nos|Fig|Op|op|z\.B|d\.h)\.$"
)


def sentences(text: str, start: int = 0, end: int | None = None) -> list[tuple[int, int]]:
    """Return the spans of the sentences of `text[start:end]`, white space trimmed off each."""
    stop = len(text) if end is None else end
    spans: list[tuple[int, int]] = []
    begin = start
    for match in _STOP.finditer(text, start, stop):
        if match[0][0] == "." and _goes_on(text, begin, match.end(), stop):
            continue
        _append(text, begin, match.end(), spans)
        begin = match.end()
    _append(text, begin, stop, spans)
    return spans


def _goes_on(text: str, begin: int, at: int, stop: int) -> bool:
    """Tell whether the full stop that ends at `at` stands inside a sentence."""
    head = text[max(begin, at - 16) : at].rstrip("\"'’”»)]*_`")
    rest = text[at : min(stop, at + 40)].lstrip().lstrip("\"'“«([*_`")
    if not rest:
        return False
    if rest[0].islower():
        return True
    if _NEVER_LAST.search(head):
        return True
    return _ABBREVIATION.search(head) is not None and len(head) > 1 and head[-2].isalpha()


def _append(text: str, begin: int, end: int, spans: list[tuple[int, int]]) -> None:
    while begin < end and text[begin].isspace():
        begin += 1
    while end > begin and text[end - 1].isspace():
        end -= 1
    if begin < end:
        spans.append((begin, end))
