"""Crawls in processes of their own, to run beside one another and to be killed."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from crawler.options import CrawlOptions
from store.database import Database

CRAWL = """
import json, sys
from crawler.options import CrawlOptions
from crawler.run import crawl
job = json.loads(sys.stdin.readline())
def progress(event):
    if event["event"] == "start":
        print("ready", flush=True)
report = crawl(job["database"], job["seeds"], CrawlOptions.from_json(job["options"]), progress)
print(json.dumps(report.json()), flush=True)
"""


def start(
    database: Database, seeds: list[str], options: CrawlOptions, ready: bool = False
) -> "subprocess.Popen[str]":
    """Start a crawl in another process; with `ready`, wait until it has begun."""
    process = subprocess.Popen(
        [sys.executable, "-c", CRAWL],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[2],
    )
    assert process.stdin is not None
    job = {"database": database.url, "seeds": seeds, "options": options.json()}
    process.stdin.write(json.dumps(job) + "\n")
    process.stdin.close()
    if ready:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    return process


def report_of(process: "subprocess.Popen[str]") -> dict[str, Any]:
    """Wait for the end of a crawl and return its report."""
    assert process.stdout is not None
    with process.stdout:
        said = process.stdout.read()
    assert process.wait(120) == 0
    found: dict[str, Any] = json.loads(said.strip().splitlines()[-1])
    return found


def children(pid: int) -> list[int]:
    """The processes that a process has started."""
    text = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    return [int(child) for child in text.split()]
