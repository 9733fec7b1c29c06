"""Runs on disk: what a kill, a full disk or a torn tail leaves behind can still be read."""

import json
import os
import shutil
import signal
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from appliance.errors import HomeUnusable, RunBusy, RunError
from appliance.trace import (
    FORMAT,
    READABLE,
    RunWriter,
    find_run,
    new_run_id,
    read_run,
    read_runs,
    remove_run,
    run_ids,
)

FIXTURES = Path(__file__).parent / "fixtures"


def write(runs: Path, run_id: str, question: str = "q") -> None:
    with RunWriter(runs, {"question": question, "model": "none"}, run_id) as writer:
        writer.add({"type": "answer", "turn": 1, "text": "yes"})
        writer.add({"type": "end", "outcome": "answered", "seconds": 0.5})


def test_what_is_written_is_read_back(tmp_path: Path) -> None:
    write(tmp_path, "", "Où est Zürich?\u2028Hier")
    run = read_run(tmp_path, "last")
    assert (run.question, run.answer, run.outcome, run.torn) == (
        "Où est Zürich?\u2028Hier",
        "yes",
        "answered",
        False,
    )
    assert run.manifest["format"] == run.format == FORMAT
    assert [event["type"] for event in run.events] == ["answer", "end"]
    assert run.last("end") == run.all("end")[0]
    assert run.last("stop") is None
    assert (tmp_path / run.id).stat().st_mode & 0o777 == 0o700


def test_wherever_the_tail_is_torn_the_whole_lines_before_it_are_read(tmp_path: Path) -> None:
    write(tmp_path, "r")
    path = tmp_path / "r" / "run.jsonl"
    whole = path.read_bytes()
    first = whole.index(b"\n") + 1
    for cut in range(first, len(whole)):
        path.write_bytes(whole[:cut])
        run = read_run(tmp_path, "r")
        assert run.torn is not whole[:cut].endswith(b"\n")
        assert len(run.events) == whole[:cut].count(b"\n") - 1
        assert run.outcome == "unfinished"
    path.write_bytes(whole[: first - 1])
    with pytest.raises(RunError, match="has no manifest; it was ended before it began"):
        read_run(tmp_path, "r")


@pytest.mark.parametrize("damage", [b"{oops\n", b"[1]\n", b"\xff\xff\n"])
def test_damage_in_the_middle_is_named_by_its_line(tmp_path: Path, damage: bytes) -> None:
    write(tmp_path, "r")
    path = tmp_path / "r" / "run.jsonl"
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(lines[0] + damage + lines[2])
    with pytest.raises(RunError, match="line 2 of run r is damaged; restore"):
        read_run(tmp_path, "r")
    assert list(read_runs(tmp_path)) == []


def test_another_format_is_refused_by_its_number(tmp_path: Path) -> None:
    write(tmp_path, "r")
    path = tmp_path / "r" / "run.jsonl"
    path.write_bytes(path.read_bytes().replace(b'"format":2', b'"format":99', 1))
    with pytest.raises(RunError, match="has format 99, and this version reads 1 and 2; use"):
        read_run(tmp_path, "r")


@pytest.mark.parametrize("number", READABLE)
def test_runs_of_every_format_stay_readable(tmp_path: Path, number: int) -> None:
    fixture = FIXTURES / f"run-format-{number}.jsonl"
    (tmp_path / "20260102-030405-0006ab").mkdir()
    shutil.copy(fixture, tmp_path / "20260102-030405-0006ab" / "run.jsonl")
    run = read_run(tmp_path, "2026")
    assert (run.question, run.answer, run.outcome, run.format) == (
        "How long is the Rhine?",
        "1,230 km",
        "answered",
        number,
    )
    kinds = [event["type"] for event in run.events]
    assert kinds[:10] == [*["turn", "call"] * 3, "turn", "answer", "evidence", "end"]
    assert [event["receipt"] for event in run.purged] == (["r-1"] if number == 2 else [])


def test_a_torn_run_is_gone_on_with_after_its_last_whole_line(tmp_path: Path) -> None:
    write(tmp_path, "r")
    path = tmp_path / "r" / "run.jsonl"
    whole = path.read_bytes()
    first = whole.index(b"\n") + 1
    for cut in range(first, len(whole) + 1):
        path.write_bytes(whole[:cut])
        before = read_run(tmp_path, "r")
        with RunWriter.resume(tmp_path, "r") as writer:
            assert writer.id == "r"
            writer.add({"type": "end", "outcome": "resumed"})
        after = read_run(tmp_path, "r")
        assert not after.torn
        assert after.events == (*before.events, {"type": "end", "outcome": "resumed"})


def test_a_long_torn_line_is_cut_off_as_well(tmp_path: Path) -> None:
    write(tmp_path, "r")
    path = tmp_path / "r" / "run.jsonl"
    whole = path.read_bytes()
    for size in (65_535, 65_536, 65_537, 200_000):
        path.write_bytes(whole + b"x" * size)
        with RunWriter.resume(tmp_path, "r"):
            pass
        assert path.read_bytes() == whole


def test_one_process_at_a_time_writes_to_a_run(tmp_path: Path) -> None:
    with RunWriter(tmp_path, {"question": "q"}, "r"):
        for act in (lambda: RunWriter.resume(tmp_path, "r"), lambda: remove_run(tmp_path, "r")):
            with pytest.raises(RunBusy, match="the run r is being written by another process"):
                act()
    with RunWriter.resume(tmp_path, "r"):
        pass
    remove_run(tmp_path, "r")
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(RunError, match="there is no run 'r'"):
        RunWriter.resume(tmp_path, "r")


def test_runs_are_found_by_an_unambiguous_beginning(tmp_path: Path) -> None:
    for name in ("20260101-000000-0000aa", "20260101-000001-0000aa", "20260201-000000-0000aa"):
        write(tmp_path, name)
    assert find_run(tmp_path, "202602").name == "20260201-000000-0000aa"
    assert find_run(tmp_path, "20260101-000001-0000aa").name == "20260101-000001-0000aa"
    assert find_run(tmp_path, "last").name == "20260201-000000-0000aa"
    with pytest.raises(RunError, match="'202601' is the beginning of 2 runs; give more of the id"):
        find_run(tmp_path, "202601")
    for unknown in ("1999", "", "../20260201-000000-0000aa"):
        with pytest.raises(RunError, match=r"there is no run .*; see: appliance runs list"):
            find_run(tmp_path, unknown)
    with pytest.raises(RunError, match="there is no run 'last'"):
        find_run(tmp_path / "absent", "last")


def test_newer_runs_sort_after_older_ones(tmp_path: Path) -> None:
    moments = [
        datetime(2026, 1, 2, 3, 4, 5, 60_000, UTC),
        datetime(2026, 1, 2, 3, 4, 5, 100_000, UTC),
        datetime(2026, 1, 2, 3, 4, 6, 0, UTC),
        datetime(2026, 11, 2, 3, 4, 5, 0, UTC),
    ]
    ids = [new_run_id(moment) for moment in moments]
    for run_id in reversed(ids):
        write(tmp_path, run_id)
    (tmp_path / "not-a-run").mkdir()
    assert run_ids(tmp_path) == ids
    assert [run.id for run in read_runs(tmp_path)] == ids[::-1]


def test_the_same_run_is_never_written_twice(tmp_path: Path) -> None:
    write(tmp_path, "r")
    with pytest.raises(HomeUnusable, match=r"cannot be written to .* \(File exists\); make room"):
        write(tmp_path, "r")


WRITER = """
import sys
from pathlib import Path
from appliance.trace import RunWriter

writer = RunWriter(Path(sys.argv[1]), {"question": "q", "model": "none"}, "killed")
for number in range(100_000):
    writer.add({"type": "turn", "turn": number, "completion": "word " * 20})
    print(number, flush=True)
"""


def test_every_event_that_was_reported_survives_kill_9(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", WRITER, str(tmp_path)], stdout=subprocess.PIPE, text=True
    ) as writer:
        assert writer.stdout is not None
        for _ in range(25):
            reported = int(writer.stdout.readline())
        os.kill(writer.pid, signal.SIGKILL)
        rest = writer.stdout.read().splitlines()
    reported = int(rest[-1]) if rest else reported
    run = read_run(tmp_path, "killed")
    assert run.outcome == "unfinished"
    assert [event["turn"] for event in run.events][: reported + 1] == list(range(reported + 1))


FULL = """
import resource, sys
from pathlib import Path
from appliance.errors import HomeUnusable
from appliance.trace import RunWriter

with RunWriter(Path(sys.argv[1]), {"question": "q", "model": "none"}, "full") as writer:
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, resource.RLIM_INFINITY))
    try:
        writer.add({"type": "turn", "completion": "x" * 2000})
    except HomeUnusable as error:
        print(error)
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    writer.add({"type": "end", "outcome": "failed"})
"""


def test_a_full_disk_is_one_sentence_and_the_run_stays_readable(tmp_path: Path) -> None:
    # A file size limit cuts a write in half exactly as a full disk does.
    done = subprocess.run(
        [sys.executable, "-c", FULL, str(tmp_path)], capture_output=True, text=True, check=True
    )
    assert done.stdout == (
        "the run full cannot be written (No space left on device); make room, then ask again\n"
    )
    run = read_run(tmp_path, "full")
    assert [event["type"] for event in run.events] == ["end"]
    assert not run.torn


def test_a_line_is_json_that_others_can_read(tmp_path: Path) -> None:
    write(tmp_path, "r")
    lines = (tmp_path / "r" / "run.jsonl").read_text("utf-8").split("\n")
    assert lines.pop() == ""
    assert [json.loads(line)["type"] for line in lines] == ["manifest", "answer", "end"]
