"""Answering by quotes: what is shown when no model answers."""

from collections.abc import Callable
from dataclasses import replace

from indexer.build import build
from indexer.encoders.lexical import LexicalEncoder

from .conftest import Corpus, Done, stored

SAID = (
    "The Kestrel bridge was opened in 1887 and is 412 metres long. It crosses the river Avel near "
    "the old mill of Brandvold. Its engineer was Ingrid Solheim, who also drew the tram station. "
)


def test_what_a_page_says_twice_is_quoted_once(
    corpus: Corpus, command: Callable[..., Done]
) -> None:
    url = "https://almanac.example/forth-bridge"
    page = replace(stored(url), title="Kestrel bridge", text=f"# Kestrel bridge\n\n{SAID}{SAID}")
    corpus.pages.add([page])
    build(corpus.database, corpus.root, LexicalEncoder())
    done = command("ask", "--model", "none", "--json", "How long is the Kestrel bridge?")
    assert done.code == 0, done.err
    quoted = [item["quote"] for item in done.json["quotes"] if item["url"] == url]
    assert any("412 metres" in quote for quote in quoted)
    repeated = [a for a in quoted for b in quoted if a is not b and a in b]
    assert repeated == []
