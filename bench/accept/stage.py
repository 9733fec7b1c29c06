"""What the checks share: one temporary folder, the demo's home in it, and a run in that home.

Each part is made when the first check asks for it, and a part that could not be made fails every
check that needs it with the same words.
"""

import json
import os
from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import Any

from ..scratch import COMMAND, ROOT, Done, appliance, run
from .check import CheckFailed, demand

DEMO_WEIGHTS = ROOT / "models" / "demo" / "demo-researcher.gguf"


class Stage:
    """One acceptance run in the folder `root`. `clone` asks for the checks from a fresh clone.

    `kills`, `questions` and `queries` are how many kills, invented questions and repeated searches;
    `full` asks for the sizes of the bench that its targets are for.
    """

    def __init__(
        self,
        root: Path,
        kills: int = 10,
        clone: bool = False,
        questions: int = 300,
        queries: int = 1000,
        full: bool = True,
    ) -> None:
        self.root = root
        self.kills = kills
        self.clone = clone
        self.questions = questions
        self.queries = queries
        self.full = full
        self._made: dict[str, Any] = {}

    def once(self, name: str, make: Callable[[], Any]) -> Any:
        """Make something the first time; the second time return it, or fail as it failed."""
        if name not in self._made:
            try:
                self._made[name] = make()
            except CheckFailed as reason:
                self._made[name] = reason
        found = self._made[name]
        if isinstance(found, CheckFailed):
            raise CheckFailed(str(found))
        return found

    @cached_property
    def box(self) -> Path:
        """A folder with settings of its own, as a user would have: its home is `box/data`."""
        box = self.root / "box"
        box.mkdir()
        (box / "appliance.toml").write_text("# the acceptance run's own settings\n")
        return box

    @property
    def demo_home(self) -> Path:
        """Where `appliance demo`, typed in the box, keeps the demo corpus: crawled and indexed."""
        home = self.box / "data-demo"
        self.first_demo()
        demand((home / "frozen" / "current").exists(), "the demo was not crawled and indexed")
        return home

    def first_demo(self) -> Done:
        """The first `appliance demo`, as it ended; without the model it ends after the index."""
        return self.once("first demo", self.demo)  # type: ignore[no-any-return]

    def demo(self) -> Done:
        """Type `appliance demo` in the box."""
        return run([COMMAND, "demo"], cwd=self.box, timeout=300)

    def need_model(self) -> None:
        """Fail a check that needs the demonstration model where there is none."""
        demand(DEMO_WEIGHTS.is_file(), "the demonstration model is not in this checkout")

    def demo_run(self) -> str:
        """The id of a run that the demonstration model made, with a search and a visit in it."""
        return self.once("demo run", self._demo_run)  # type: ignore[no-any-return]

    def _demo_run(self) -> str:
        self.need_model()
        for question in ("Who invented the piano?", "How long is the Volga?"):
            done = appliance(self.demo_home, "ask", "--model", "demo", "--json", question)
            demand(done.code == 0, f"ask: {done.last_words()}")
            found = json.loads(done.out)["run"]
            names = {event["name"] for event in self.events(found) if event["type"] == "call"}
            if {"search", "visit"} <= names:
                return str(found)
        raise CheckFailed("the demonstration model made no run with both a search and a visit")

    def events(self, run_id: str) -> list[dict[str, Any]]:
        """The events of a run in the demo home."""
        return list(_json(appliance(self.demo_home, "runs", "show", "--json", run_id))["events"])


def _json(done: Done) -> dict[str, Any]:
    demand(done.code == 0, done.last_words())
    found = json.loads(done.out)
    assert isinstance(found, dict)
    return found


def empty_namespace() -> tuple[str, ...]:
    """The command that puts another into a network namespace with nothing in it."""
    if os.geteuid() == 0:
        return ("unshare", "--net")
    return ("unshare", "--net", "--user", "--map-current-user")
