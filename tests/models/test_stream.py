"""Bytes to text: whole characters, nothing of a stop string, and nothing lost."""

from hypothesis import given
from hypothesis import strategies as st

from models.llama.frames import Reader, frame, write_all
from models.llama.stream import TextStream

CUTS = st.lists(st.integers(min_value=1, max_value=5), min_size=1, max_size=30)


def in_pieces(data: bytes, sizes: list[int]) -> list[bytes]:
    pieces, index = [], 0
    while data:
        size = sizes[index % len(sizes)]
        pieces.append(data[:size])
        data, index = data[size:], index + 1
    return pieces


@given(st.binary(max_size=60), CUTS)
def test_the_pieces_are_the_whole_decoded_at_once(data: bytes, sizes: list[int]) -> None:
    heard: list[str] = []
    stream = TextStream([], heard.append)
    for piece in in_pieces(data, sizes):
        assert stream.feed(piece) is None
    stream.end()
    assert "".join(heard) == stream.text == data.decode("utf-8", "replace")


@given(st.text("ab<é>", max_size=20), st.text("ab<é>", max_size=20), CUTS)
def test_a_stop_string_is_found_wherever_it_is_cut(a: str, b: str, sizes: list[int]) -> None:
    whole = f"{a}<stop>{b}"
    heard: list[str] = []
    stream = TextStream(["<stop>", "never"], heard.append)
    pieces = iter(in_pieces(whole.encode(), sizes))
    place = next(at for piece in pieces if (at := stream.feed(piece)) is not None)
    assert place == whole.encode().index(b"<stop>")
    assert "".join(heard) == whole[: whole.index("<stop>")]


def test_the_beginning_of_a_stop_string_waits_and_is_not_lost() -> None:
    stream = TextStream(["<tool_response>"])
    stream.feed(b"so <tool_")
    assert stream.text == "so "
    stream.feed(b"call>")
    assert stream.text == "so <tool_call>"
    stream.feed(b"<tool_res")
    stream.end()
    assert stream.text == "so <tool_call><tool_res"


@given(st.lists(st.dictionaries(st.text(), st.text() | st.integers()), max_size=5), CUTS)
def test_frames_survive_any_cut(messages: list[dict[str, object]], sizes: list[int]) -> None:
    reader, read = Reader(), []
    for piece in in_pieces(b"".join(map(frame, messages)), sizes):
        reader.feed(piece)
        while (message := reader.next()) is not None:
            read.append(message)
    assert read == messages


def test_write_all_goes_on_after_a_short_write() -> None:
    written = bytearray()

    def short(view: memoryview) -> int:
        written.extend(view[:3])
        return len(view[:3])

    write_all(short, b"0123456789")
    assert written == b"0123456789"
