"""An answer cut into the statements that have to be carried: sentences, list entries, values.

Pure text. It knows no page.
"""

import re

SHORT_ANSWER = 80
"""An answer of at most so many characters is one claim."""

_FRAME = re.compile(r"^(?:the )?(?:final )?answer(?: is|:)\s*:?\s*", re.IGNORECASE)


def claims(answer: str) -> list[str]:
    """Split an answer into its statements: one for a short answer, else one a sentence."""
    flat = " ".join(answer.split())
    if len(flat) <= SHORT_ANSWER:
        return [flat] if flat else []
    return [part for part in re.split(r"(?<=[.!?;])\s+|(?<=[。！？；])\s*", flat) if part]


def entries(claim: str) -> list[str]:
    """Return the entries of a list ("A, B and C"); nothing for what is no list."""
    parts = re.split(
        r"\s*(?<!\d)[,;，、；]\s*(?:(?:and|or|y|und|et) )?|\s+(?:and|y|und|et|&)\s+|和|与|及", claim
    )
    parts = [part.strip(" .") for part in parts if part.strip(" .")]
    short = all(len(part.split()) <= 6 for part in parts)
    return parts if len(parts) > 1 and short else []


def unframed(claim: str) -> str:
    """Take "The answer is" and the marks around an answer away."""
    bare = _FRAME.sub("", claim.strip()).strip()
    return bare.strip('*_`"“” ') if bare.strip('*_`"“” .') else claim
