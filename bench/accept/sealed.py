"""The seal: the readers work without any network, and whoever reaches out is refused."""

import subprocess
import sys
from pathlib import Path

from ..scratch import COMMAND, QUESTIONS, ROOT, appliance, run, surroundings
from .check import Check, demand
from .stage import DEMO_WEIGHTS, Stage, empty_namespace

REFUSED = "Machine is not on the network"
"""What the kernel says for the seal: an error that nothing else on a Linux machine gives."""
WAYS = ("python", "child", "program", "extension")


def readers(stage: Stage) -> str:
    """Every reading verb, in a namespace that has not even loopback."""
    home = stage.demo_home
    few = stage.root / "few.jsonl"
    few.write_text("".join(QUESTIONS.read_text("utf-8").splitlines(keepends=True)[:3]))
    quoted = appliance(home, "ask", "--model", "none", "Which river flows through Vienna?")
    demand(quoted.code == 0, f"ask --model none: {quoted.last_words()}")
    verbs: list[list[str]] = [
        ["ask", "--model", "none", "How long is the Volga?"],
        ["search", "longest river"],
        ["visit", "http://almanac.test/rivers/danube", "--goal", "its length"],
        ["replay", "last"],
        ["eval", str(few), "--model", "none", "--restart"],
    ]
    if DEMO_WEIGHTS.is_file():
        verbs += [
            ["ask", "--model", "demo", "How long is the Volga?"],
            ["replay", stage.demo_run()],
            ["eval", str(few), "--model", "demo", "--restart"],
        ]
    for verb in verbs:
        done = run([*empty_namespace(), COMMAND, *verb], home)
        demand(done.code == 0, f"{' '.join(verb[:3])}: {done.last_words()}")
    stage.need_model()
    return f"{len(verbs)} commands of ask, search, visit, replay and eval"


def refused(stage: Stage) -> str:
    """With loopback up and a listener there: Python, a child, a C program, a C extension."""
    lines = _reach(stage, sealed=True)
    demand("SealError: the seal refused" in lines["python"], f"Python code: {lines['python']}")
    for way in WAYS[1:]:
        demand(REFUSED in lines[way], f"{way}: {lines[way]}")
    return f"{len(WAYS)} of {len(WAYS)} refused: {REFUSED!r}"


def twin(stage: Stage) -> str:
    """The same with the seal off."""
    lines = _reach(stage, sealed=False)
    for way in WAYS:
        demand(lines[way] == "reached", f"{way}: {lines[way]}")
    return f"{len(WAYS)} of {len(WAYS)} reached the listener"


def _reach(stage: Stage, sealed: bool) -> dict[str, str]:
    folder: Path = stage.once("reach", lambda: _compiled(stage.root / "reach"))
    words = [*empty_namespace(), sys.executable, "-m", "bench.accept.reach", str(folder)]
    done = subprocess.run(
        [*words, *(["--sealed"] if sealed else [])],
        cwd=ROOT, env=surroundings(), capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    demand(done.returncode == 0, (done.stderr.strip().splitlines() or ["no word"])[-1])
    pairs = (line.partition(": ") for line in done.stdout.splitlines())
    return {way: said for way, _, said in pairs}


def _compiled(folder: Path) -> Path:
    """Compile the C program and the C extension that try to reach a port of loopback."""
    folder.mkdir()
    folder.chmod(0o755)
    source = Path(__file__).with_name("reach.c")
    for output, flags in (("libreach.so", ["-shared", "-fPIC"]), ("reach", [])):
        done = subprocess.run(
            ["cc", *flags, "-o", folder / output, source],
            capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
        demand(done.returncode == 0, f"cc: {done.stderr.strip()[:100]}")
    return folder


CHECKS = (
    Check("no network", "ask, search, visit, replay and eval work under `unshare -n`", readers),
    Check("seal", "a child and a C extension are refused with the seal's own error", refused),
    Check("seal twin", "with the seal off the same ones reach the listener", twin),
)
