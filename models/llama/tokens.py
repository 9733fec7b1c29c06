"""Text to token ids and back, where what is not trusted can never become a control token.

It knows nothing of contexts or of what the text means. llama.cpp's own switch for special
tokens is not enough: with it off, user-defined tokens (`<think>`, `</tool_call>`) are still
found in the text. So untrusted text is cut inside every place where such a token's string
stands, the pieces are tokenised one by one, and the ids are checked.

A vocabulary of the SentencePiece kind puts a space before whatever it is given. That is right at
the start and after a control token, as in a whole rendered conversation, and wrong after other
text; so `encode` is told what stands before.
"""

import ctypes
import re
from collections.abc import Iterator, Sequence
from typing import Any

from ..errors import EngineError
from ..transcript import END
from .library import library

_LEAD = "\x01"


class Tokens:
    """The vocabulary of loaded weights. `vocabulary` is llama.cpp's pointer.

    `end` names the token that closes a message; the vocabulary's own where there is no such one,
    and none where it is empty.
    """

    def __init__(self, vocabulary: Any, end: str = END) -> None:
        lib = self._lib = library()
        self._vocabulary = vocabulary
        self.size = int(lib.llama_vocab_n_tokens(vocabulary))
        control: dict[int, str] = {}
        defined: dict[int, str] = {}
        for token in range(self.size):
            kind = int(lib.llama_vocab_get_attr(vocabulary, token))
            if kind & (lib.LLAMA_TOKEN_ATTR_CONTROL | lib.LLAMA_TOKEN_ATTR_UNKNOWN):
                control[token] = self.name(token)
            elif kind & lib.LLAMA_TOKEN_ATTR_USER_DEFINED:
                defined[token] = self.name(token)
        # A single character is a letter, not a tag, and there is no place inside it to cut.
        self.guarded = frozenset(control) | {t for t, name in defined.items() if len(name) > 1}
        """The ids that untrusted text never becomes."""
        strings = sorted(
            {name for name in (*control.values(), *defined.values()) if len(name) > 1},
            key=lambda name: (-len(name), name),
        )
        self._tag = re.compile("(?=" + "|".join(map(re.escape, strings)) + ")") if strings else None
        # llama.cpp's own guess of the end of a turn may be `<|endoftext|>` for such vocabularies.
        closing = [token for token, name in (control | defined).items() if name == end]
        closing += [int(lib.llama_vocab_eos(vocabulary)) if end else -1]
        self.end = closing[0]
        """The token that closes a message, -1 when there is none."""
        self.first = int(lib.llama_vocab_bos(vocabulary))
        if not lib.llama_vocab_get_add_bos(vocabulary):
            self.first = -1
        spaced = int(lib.llama_vocab_type(vocabulary)) == lib.LLAMA_VOCAB_TYPE_SPM
        lead = self._encode(_LEAD, special=False) if spaced else []
        self._lead = lead if len(lead) > 1 else []

    def is_end(self, token: int) -> bool:
        """True when the token ends a generation."""
        return token == self.end or bool(self._lib.llama_vocab_is_eog(self._vocabulary, token))

    def encode(self, text: str, trusted: bool, before: int | None = None) -> list[int]:
        """Return the ids of `text`; in untrusted text every tag is only its letters.

        `before` is the id that stands before it (None: it begins a session).
        """
        inside = before is not None and before not in self.guarded
        if trusted:
            return self._encode(text, special=True, inside=inside)
        ids: list[int] = []
        for piece in self._cut(text):
            found = self._encode(piece, special=False, inside=inside)
            if not self.guarded.isdisjoint(found):
                found = []
                for letter in piece:
                    found += self._encode(letter, special=False, inside=inside or bool(found))
            ids += [token for token in found if token not in self.guarded]
            inside = True
        return ids

    def piece(self, token: int) -> bytes:
        """Return the bytes that a token stands for, a control token's name included."""
        size = 64
        while True:
            buffer = ctypes.create_string_buffer(size)
            length = int(
                self._lib.llama_token_to_piece(self._vocabulary, token, buffer, size, 0, True)
            )
            if length >= 0:
                return buffer.raw[:length]
            size = -length

    def decode(self, ids: Sequence[int]) -> str:
        """Return the text of ids; bytes that are not UTF-8 become U+FFFD."""
        return b"".join(map(self.piece, ids)).decode("utf-8", "replace")

    def _cut(self, text: str) -> Iterator[str]:
        start = 0
        if self._tag is not None:
            for found in self._tag.finditer(text):
                yield text[start : found.start() + 1]
                start = found.start() + 1
        if start < len(text):
            yield text[start:]

    def _encode(self, text: str, special: bool, inside: bool = False) -> list[int]:
        if inside and self._lead and text:
            # Behind a letter that joins no other, which is taken away again.
            found = self._ids(_LEAD + text, special)
            if found[: len(self._lead)] == self._lead:
                return found[len(self._lead) :]
        return self._ids(text, special)

    def _ids(self, text: str, special: bool) -> list[int]:
        data = text.encode("utf-8", "replace")
        room = len(data) + 8
        while True:
            ids = (self._lib.llama_token * room)()
            count = int(
                self._lib.llama_tokenize(
                    self._vocabulary, data, len(data), ids, room, False, special
                )
            )
            if count >= 0:
                return list(ids[:count])
            if -count <= room:
                raise EngineError("a text is too long to tokenise; shorten it below 2 GiB")
            room = -count

    def name(self, token: int) -> str:
        """Return the token's text as the vocabulary has it; empty for no token (-1)."""
        if not 0 <= token < self.size:
            return ""
        return bytes(self._lib.llama_vocab_get_text(self._vocabulary, token) or b"").decode(
            "utf-8", "replace"
        )
