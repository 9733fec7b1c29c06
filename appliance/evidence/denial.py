"""Whether a sentence denies what it says: "it was not", "some wrongly claim", "it is a myth that".

Words before the value in its clause, a few behind it, and words of doubt anywhere in the sentence
up to "but". It knows no grammar: a denial in another sentence is not seen, nor is irony.
"""

import re

from .letters import UNSPACED, fold

_NOT = {
    "en": r"(?:not|never|cannot|nor|neither|nobody|no one|\w+n['’]t)",
    "es": r"(?:no|nunca|jamas|tampoco)",
    "de": r"(?:nicht|nie|niemals|kein\w*)",
    "fr": r"(?:pas|jamais|ni)",
    "zh": r"(?:不是|并非|并不|从未|没有|未曾|不在)",
}
_YET = re.compile(
    r"\b(?:not|never|\w+n['’]t)(?=[^,;]*\b(?:until|till|before)\b)"
    r"|\bnot (?:only|just|merely|least)\b"
    r"|\bno solo\b|\bno (?=[^,;]*\bhasta\b)|\bnicht nur\b|\bpas (?:seulement|avant)\b"
)
"""What only sounds like a denial: "not until 1890", "not only the violin"."""
_DOUBT = re.compile(
    r"\b(?:wrong|wrongly|incorrectly|mistaken|mistakenly|erroneous|erroneously|falsely|untrue|myths?"
    r"|misconception|hoax|denied|denies|denying|disputed|disproved|refuted|debunked|rejected the"
    r"|few (?:now )?(?:believe|think)|contrary to|no (?:evidence|proof|truth)"
    r"|not (?:true|correct|the case)|is false|was false"
    r"|falsamente|erroneamente|mito|falschlich\w*|irrtumlich\w*|a tort)\b|误传|误认为|谣传|错误地"
)
_CLAUSE = re.compile(r"[,;:()–—，；：、]|\b(?:but|and|while|whereas|although|pero|aber|mais)\b")
_TURN = re.compile(
    r"[;；]|(?<=[^\W_]{2})[.!?][\"”’)]*\s|\b(?:but|whereas|pero|sino|aber|sondern|mais)\b"
    r"|(?:,| and) not\b|但"
)
_INSTEAD = re.compile(
    r"\b(?:instead of|rather than|unlike|except(?: for)?|other than|en vez de|statt)"
    r"(?: (?:the|a|an|in|by|at|on|of))*\W*$"
)
_BEHIND = re.compile(
    r"[*_\])\"“”'’ ]*(?:\([^()]*\)\W*)?"
    r"(?:did|does|do|was|were|is|are|has|had|could|can|would|will)?"
    r"(?: ?n['’]t| not| never| ?(?:failed|refused|declined) to)\b(?! only\b| until\b)"
)


def denied(question: str, language: str, unit: str, place: tuple[int, int]) -> bool:
    """True where `unit` denies the value at `place`; `language` is a stemmer key.

    A question that itself asks for what is not is asked of what is denied.
    """
    bounded = rf"\b{_NOT.get(language, _NOT['en'])}\b"
    if UNSPACED.search(unit):
        bounded = _NOT["zh"]
    asked = fold(question)
    if re.search(rf"{bounded}|\b{_NOT['en']}\b", asked) or _DOUBT.search(asked):
        return False
    folded = _YET.sub(lambda match: " " * len(match[0]), fold(unit))
    before, after = folded[: place[0]], folded[place[1] :]
    turns = [match.end() for match in _TURN.finditer(before)]
    said = before[turns[-1] if turns else 0 :]
    clauses = [match.end() for match in _CLAUSE.finditer(said)]
    if re.search(bounded, said[clauses[-1] if clauses else 0 :]) or _INSTEAD.search(said):
        return True
    if re.search(r"(?:,| and) not\W+(?:\w+\W+){0,2}$", before):
        return True
    following = _TURN.split(after)[0]
    return bool(_DOUBT.search(said) or _DOUBT.search(following) or _BEHIND.match(following))
