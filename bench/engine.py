"""What append-only token sessions save, on a tiny model with random weights."""

from collections.abc import Iterator, Sequence

from models.engine import Completion, Sampling, Session

from .corpus import text
from .rows import Row, rate_row, seconds, time_row
from .scratch import scratch

GREEDY = Sampling(temperature=0)
ANSWER = 16


def rows(full: bool) -> Iterator[Row]:
    """Several turns of a conversation: appended to, and sent whole again each turn."""
    from models.llama.client import LlamaEngine
    from models.llama.options import LlamaOptions
    from models.llama.tiny import write_tiny

    turns = [text(number, 2)[:700] for number in range(16 if full else 8)]
    with scratch() as folder:
        model = write_tiny(folder / "tiny.gguf", context=16_384, layers=4)
        with LlamaEngine(model, LlamaOptions(context=16_384), log=folder / "log") as engine:
            session = engine.open()
            _converse(session, turns[:1])
            session.close()
            session = engine.open()
            appended: list[int] = []
            done: list[Completion] = []
            growing = seconds(lambda: _grow(session, turns, appended, done))
            session.close()
            session = engine.open()
            again = seconds(lambda: _converse(session, turns))
            session.close()
    equal = all(
        completion.prefilled == tokens for completion, tokens in zip(done, appended, strict=True)
    )
    row = rate_row(
        "tokens prefilled in all turns", sum(c.prefilled for c in done), "tokens",
        "tokens appended in all turns", sum(appended),
    )  # fmt: skip
    yield Row(
        row.name, row.figure, row.unit, row.baseline, row.baseline_figure, row.ratio,
        "equal in every turn", equal,
    )  # fmt: skip
    yield time_row(
        f"{len(turns)} turns in one session", growing, "s", "the whole prompt sent again each turn",
        again, least=1,
    )  # fmt: skip


def _grow(
    session: Session, turns: Sequence[str], appended: list[int], done: list[Completion]
) -> None:
    for turn in turns:
        appended.append(session.append(turn, trusted=False))
        done.append(session.generate(ANSWER, sampling=GREEDY))


def _converse(session: Session, turns: Sequence[str]) -> None:
    """The same conversation as a server without a cache sees it: everything, every turn."""
    said = ""
    for turn in turns:
        session.rollback(0)
        session.append(said + turn, trusted=False)
        said += turn + session.generate(ANSWER, sampling=GREEDY).text
