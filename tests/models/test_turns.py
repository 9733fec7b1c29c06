"""Every malformed form that models are known to emit, one row each."""

import warnings

import pytest

from models.turns import Call, abstains, begins_call, read_call, read_turn, string_list
from store.digest import canonical_json

GOOD = '{"name": "search", "arguments": {"query": ["Danube"]}}'
SEARCH = ("search", {"query": ["Danube"]})


def called(text: str) -> list[tuple[str, object]]:
    return [(call.name, dict(call.arguments)) for call in read_turn(text).calls]


@pytest.mark.parametrize(
    "text",
    [
        f"think</think>\n<tool_call>\n{GOOD}\n</tool_call>",
        f"think</think>Let me look.\n<tool_call>\n{GOOD}\n</tool_call>",
        f"think</think>\n<tool_call>{GOOD}</tool_call>\nI shall wait.",
        f"think</think>\n<tool_call>\n```json\n{GOOD}\n```\n</tool_call>",
        f"think</think>\n<tool_call>\n```\n{GOOD}```\n</tool_call>",
        f"think</think>\n```\n<tool_call>\n{GOOD}\n</tool_call>\n```",
        f"think</think>\n<tool_call>\n{GOOD}",
        f"think</think>\n<tool_call>\nHere it is: {GOOD} Done.\n</tool_call>",
        f"<think>think</think>\n<tool_call>\n{GOOD}\n</tool_call>",
        f"think\n<tool_call>\n{GOOD}\n</tool_call>",
        f"I could write <tool_call>{{}}</tool_call> or <answer>no</answer>.</think>"
        f"<tool_call>{GOOD}</tool_call>",
        f"think</think><tool_call>{GOOD}</tool_call><answer>early guess</answer>",
        'think</think><tool_call>{"name": "search", "arguments": {"query": ["Danube",],},}</tool_call>',
        "think</think><tool_call>{name: 'search', arguments: {query: ['Danube']}}</tool_call>",
        'think</think><tool_call>{"name": "search", // find it\n"arguments": {"query": ["Danube"]}}</tool_call>',
        "think</think><tool_call>{'name': 'search', 'arguments': {'query': ('Danube',)}}</tool_call>",
        'think</think><tool_call>{"name": "search", "parameters": {"query": ["Danube"]}}</tool_call>',
        'think</think><tool_call>{"name": "search", "arguments": "{\\"query\\": [\\"Danube\\"]}"}</tool_call>',
        'think</think><tool_call>{"name": " search ", "arguments": {"query": ["Danube"]}}</tool_call>',
        # Its name elsewhere, its arguments flat or under other names.
        'think</think><tool_call name="search">{"query": ["Danube"]}</tool_call>',
        'think</think><tool_call name=search>\n{"query": ["Danube"]}\n</tool_call>',
        'think</think><tool_call>search\n{"query": ["Danube"]}</tool_call>',
        'think</think><tool_call>{"name": "search", "query": ["Danube"]}</tool_call>',
        'think</think><tool_call>{"search": {"query": ["Danube"]}}</tool_call>',
        'think</think><tool_call>{"tool": "search", "args": {"query": ["Danube"]}}</tool_call>',
        'think</think><tool_call>{"function": "search", "input": {"query": ["Danube"]}}</tool_call>',
        f'think</think><tool_call>{{"type": "function", "function": {GOOD}}}</tool_call>',
        f"think</think><tool_call>[{GOOD}]</tool_call>",
        'think</think><tool_call>search({"query": ["Danube"]})</tool_call>',
        'think</think><tool_call>search(query=["Danube"])</tool_call>',
        # Chinese punctuation and curly quotation marks.
        "think</think><tool_call>{“name”：“search”，“arguments”：{“query”：[“Danube”]}}</tool_call>",
        'think</think><tool_call>｛"name": "search", "arguments": ｛"query": ["Danube"]｝｝</tool_call>',
        f"think</think>＜tool_call＞{GOOD}＜/tool_call＞",
        # Tags in capitals, in the plural, with spaces, twice, inside the thinking, or none.
        f"think</think><Tool_Call>{GOOD}</Tool_Call>",
        f"think</think><tool_calls>{GOOD}</tool_calls>",
        f"think</think>< tool_call >{GOOD}</ tool_call >",
        f"think</think><tool_call><tool_call>{GOOD}</tool_call></tool_call>",
        f"think</think><think>more</think><tool_call>{GOOD}</tool_call>",
        f"think <tool_call>{GOOD}</tool_call></think>",
        f"think</think><answer><tool_call>{GOOD}</tool_call></answer>",
        f"think</think><answer>{GOOD}</answer>",
        f"think</think>{GOOD}",
        f"think</think>```json\n{GOOD}\n```",
        f"think</think>I call it now:\n{GOOD}",
        f"think</think><|tool_call|>{GOOD}<|/tool_call|>",
        f"think</think><function_call>{GOOD}</function_call>",
        # The XML forms that other models were taught.
        'think</think><tool_call><function=search><parameter=query>["Danube"]</parameter>'
        "</function></tool_call>",
        'think</think><function=search><parameter=query>["Danube"]</parameter></function>',
        'think</think><invoke name="search"><parameter name="query">["Danube"]</parameter></invoke>',
        "think</think><tool_call>search\n<arg_key>query</arg_key>\n"
        '<arg_value>["Danube"]</arg_value>\n</tool_call>',
        # Brackets lost or too many.
        'think</think><tool_call>{"name": "search", "arguments": {"query": ["Danube"]}</tool_call>',
        'think</think><tool_call>{"name": "search", "arguments": {"query": ["Danube"',
        'think</think><tool_call>{"name": "search", "arguments": {"query": ["Danube"]}}}</tool_call>',
    ],
)
def test_every_tolerated_form_gives_the_same_call(text: str) -> None:
    assert called(text) == [SEARCH]
    assert read_turn(text).parsed


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ("", "the call is not a JSON object"),
        ("search Danube", "the call is not a JSON object"),
        ('["search"]', "the call is not a JSON object"),
        ('{"name": "search", "arguments": {"query": ["Dan', "the call is not a JSON object"),
        ('{"name": "search" "arguments": {}}', "the call is not a JSON object"),
        ('{"arguments": {"query": ["Danube"]}}', 'the call has no "name"'),
        ('{"name": 7, "arguments": {}}', 'the call has no "name"'),
        ('{"name": "search", "arguments": null}', 'the call\'s "arguments" are not a JSON object'),
        ('{"name": "search", "arguments": ["x"]}', 'the call\'s "arguments" are not a JSON object'),
        (
            '{"name": "search", "arguments": {"query": [NaN]}}',
            'the call\'s "arguments" hold a value that JSON does not know',
        ),
        (
            "{'name': 'search', 'arguments': {'query': {'a', 'b'}}}",
            'the call\'s "arguments" hold a value that JSON does not know',
        ),
        (
            "{'name': 'search', 'arguments': {'query': b'x'}}",
            'the call\'s "arguments" hold a value that JSON does not know',
        ),
    ],
)
def test_what_cannot_be_read_says_why(body: str, error: str) -> None:
    assert read_call(body) == Call("", {}, body, error)
    assert not read_turn(f"x</think><tool_call>{body}</tool_call>").parsed


def test_several_calls_in_one_turn_keep_their_order() -> None:
    visit = '{"name": "visit", "arguments": {"url": "u", "goal": "g"}}'
    both = [SEARCH, ("visit", {"url": "u", "goal": "g"})]
    assert called(f"x</think><tool_call>{GOOD}</tool_call>\n<tool_call>{visit}</tool_call>") == both
    assert called(f"x</think><tool_call>{GOOD}\n<tool_call>{visit}") == both
    mixed = read_turn(f"x</think><tool_call>{GOOD}</tool_call><tool_call>oops</tool_call>")
    assert [call.error for call in mixed.calls] == ["", "the call is not a JSON object"]
    assert not mixed.parsed


@pytest.mark.parametrize(
    ("text", "thinking", "answer"),
    [
        ("because</think>\n<answer>1932</answer>", "because", "1932"),
        ("because</think>\nSo: <answer> 1932 \n</answer> Bye.", "because", "1932"),
        ("because</think>\n<answer>1932", "because", "1932"),
        (
            "because <answer>no</answer></think><answer>1932</answer>",
            "because <answer>no</answer>",
            "1932",
        ),
        ("because <answer>1932</answer>", "because", "1932"),
        ("because</think><answer></answer>", "because", ""),
        ("because</think><answer>1932</answer", "because", "1932"),
        ("because</think><answer>\n```\n1932\n```\n</answer>", "because", "1932"),
        ("because</think>1932</answer>", "because", "1932"),
        ("because</think>＜answer＞1932＜/answer＞", "because", "1932"),
        ("because <answer>1932</answer></think>", "because", "1932"),
        ("because</think>1932", "because", None),
        ("because", "because", None),
        ("</think>", "", None),
        ("", "", None),
    ],
)
def test_thinking_and_answer(text: str, thinking: str, answer: str | None) -> None:
    turn = read_turn(text)
    assert (turn.thinking, turn.calls, turn.answer) == (thinking, (), answer)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("because</think>\n1932 ", "1932"),
        ("because</think>Final answer: <think>hm</think>1932", "Final answer: 1932"),
        ("because</think>the field {arguments} of 1932", "the field {arguments} of 1932"),
        ("because", ""),
        ("because</think></tool_call>", ""),
    ],
)
def test_what_stands_outside_of_any_tag(text: str, said: str) -> None:
    turn = read_turn(text)
    assert (turn.calls, turn.answer, turn.said) == ((), None, said)


def test_quotation_marks_inside_a_query_need_no_escape() -> None:
    slip = '{"name": "search", "arguments": {"query": ["the "Danube" of", "a\nb"]}}'
    assert read_call(slip).arguments == {"query": ['the "Danube" of', "a\nb"]}


def test_whatever_is_read_can_be_kept_and_hashed() -> None:
    call = read_call(
        '{"name": "s\\ud800", "arguments": {"query": ["a\\ud83d", "b\\u0000c"], "n": 1.5}}'
    )
    assert (call.name, call.arguments) == ("s?", {"query": ["a?", "bc"], "n": 1.5})
    canonical_json(dict(call.arguments))
    nested = read_call("{'name': 'search', 'arguments': {'query': {1: ('x', {'y'})}}}")
    assert nested.error
    assert read_call('{"name": "search", "arguments": {"query": ' + "[" * 5000).error


def test_an_odd_backslash_in_a_python_literal_warns_nobody() -> None:
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        read_call("{'name': 'search', 'arguments': {'query': ['\\d+', None]}}")
    assert not seen


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("x", ["x"]),
        (" ", []),
        (["a", "", " ", "b", 3, True, None], ["a", "b", "3"]),
        ('["a", "b"]', ["a", "b"]),
        ("https://a.test/x, https://b.test", ["https://a.test/x", "https://b.test"]),
        ([["a", "b"], "c"], ["a", "b", "c"]),
        (None, []),
        (7, []),
        ({"query": "x"}, []),
    ],
)
def test_a_lone_string_is_a_list_of_one(value: object, expected: list[str]) -> None:
    assert string_list(value) == expected


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ("not found", True),
        ("Not found.", True),
        (' "NOT FOUND" ', True),
        ("not found in 1932", False),
        ("", False),
    ],
)
def test_abstaining(answer: str, expected: bool) -> None:
    assert abstains(answer) is expected


def test_a_call_is_no_answer() -> None:
    assert begins_call('{"name": "search", "arg')
    assert begins_call(" ```json\n[{name: 'search'")
    assert begins_call("<tool_call>")
    assert not begins_call('{"km": 2850}')
    assert not begins_call("name of the river: Danube")
