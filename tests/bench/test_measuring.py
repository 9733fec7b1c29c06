"""The plain helpers that measure."""

from bench.rows import shortest_ms


def test_the_shortest_call_of_each_input_counts() -> None:
    asked: list[int] = []
    found = shortest_ms(asked.append, [1, 2, 3], passes=2)
    assert asked == [1, 2, 3, 1, 2, 3]
    assert len(found) == 3
    assert min(found) > 0
    assert shortest_ms(asked.append, [4]) != []
    assert asked[6:] == [4]
