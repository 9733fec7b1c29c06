"""Doctor and verify on homes that are whole, empty and broken."""

import json
import os
import subprocess
import sys
import tempfile
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from appliance import doctor
from appliance.cli.verbs.doctor import line
from appliance.config import Config
from appliance.doctor import Finding, examine
from appliance.home import Home
from indexer.build import build
from indexer.encoders.lexical import LexicalEncoder
from models.llama.library import library
from store.database import Database
from store.page import PageVersion
from store.pages import PageStore
from store.snapshots import Snapshots

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def whole(database: Database, tmp_path: Path) -> Config:
    """A home with three pages, indexed, on a database of the test's own."""
    config = Config(Home(tmp_path).create(), database_url=database.url)
    PageStore(database).add(page(number) for number in range(3))
    Snapshots(database).create("first")
    build(database, tmp_path, LexicalEncoder())
    return config


def page(number: int) -> PageVersion:
    text = f"# River {number}\n\nRiver number {number} is {number * 7 + 90} kilometres long."
    url = f"https://example.org/river-{number}"
    return PageVersion(url, f"River {number}", text, datetime(2026, 1, 1, tzinfo=UTC), lang="en")


def run(config: Config, *words: str) -> subprocess.CompletedProcess[str]:
    """Run a verb in a process of its own, sealed as it is."""
    environment = {name: value for name, value in os.environ.items() if "APPLIANCE_" not in name}
    environment["APPLIANCE_HOME"] = str(config.home.root)
    environment["PYTHONPATH"] = str(ROOT)
    if config.database_url:
        environment["APPLIANCE_DATABASE_URL"] = config.database_url
    code = "from appliance.cli import main; main()"
    return subprocess.run(
        [sys.executable, "-P", "-c", code, *words],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


def found(config: Config) -> dict[str, Finding]:
    return {finding.name: finding for finding in examine(config)}


def test_a_whole_home_has_no_failure(whole: Config) -> None:
    done = run(whole, "doctor")
    assert done.returncode == 0, done.stdout + done.stderr
    lines = done.stdout.splitlines()
    assert len(lines) == len(doctor.CHECKS)
    assert all(text.startswith(("ok  ", "warn")) for text in lines)
    assert "3 pages in the collection web" in done.stdout
    assert "ok    index: 3 pages and 3 passages are indexed with bm25" in done.stdout
    assert (
        "a child's C code asked for a socket and got “Machine is not on the network”" in done.stdout
    )


def test_an_empty_home_has_warnings_and_stays_empty(tmp_path: Path) -> None:
    config = Config(Home(tmp_path / "none"))
    done = run(config, "doctor", "--json")
    assert done.returncode == 0, done.stdout
    findings = {entry["name"]: entry for entry in json.loads(done.stdout)["findings"]}
    for name in ("home", "database", "index"):
        assert findings[name]["level"] == "warn"
        assert findings[name]["repair"].startswith("run: appliance ")
    assert not config.home.root.exists()


@pytest.mark.parametrize("place", ["file", "file/below", "/proc/nope/below"])
def test_a_home_that_cannot_be_made_is_a_failure(tmp_path: Path, place: str) -> None:
    (tmp_path / "file").write_text("")
    config = Config(Home(tmp_path / place))
    finding = doctor.check_home(config)
    assert finding.level == "FAIL"
    assert finding.repair.endswith("set APPLIANCE_HOME to another one")
    library()  # once it is entered, the package must be found still
    said = [each.said for each in found(config).values()]
    assert [one for one in said if "the check itself failed" in one] == []
    # The twin: a home that is not there yet but can be made is a warning, and is not made.
    possible = Config(Home(tmp_path / "folder" / "below"))
    assert doctor.check_home(possible).level == "warn"
    assert not (tmp_path / "folder").exists()


@pytest.mark.machine
@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
def test_a_home_of_another_user_is_a_failure_and_no_surprise() -> None:
    folder = Path(tempfile.mkdtemp(prefix="home-"))  # 0700, and below a folder open to all
    checks = (doctor.check_home, doctor.check_disk, doctor.check_database, doctor.check_index)
    os.seteuid(4321)
    try:
        findings = []
        for root in (folder, folder / "home"):
            findings += [check(Config(Home(root))) for check in checks]
    finally:
        os.seteuid(0)
        folder.rmdir()
    assert [each.level for each in findings] == ["FAIL", "ok", "FAIL", "FAIL"] * 2


def test_a_broken_home_fails_in_the_broken_parts_alone(whole: Config, tmp_path: Path) -> None:
    (whole.home.models / "mine").mkdir()
    (whole.home.models / "mine" / "card.json").write_text("{")
    current = tmp_path / "frozen" / (tmp_path / "frozen" / "current").read_text().strip()
    (current / "terms.npy").write_bytes(b"")
    broken = Config(whole.home, database_url="postgresql:///pages?host=/nowhere")
    done = run(broken, "doctor", "--json")
    assert done.returncode == 1
    report = json.loads(done.stdout)
    levels = {entry["name"]: entry["level"] for entry in report["findings"]}
    assert not report["ok"]
    assert {name for name, level in levels.items() if level == "FAIL"} == {
        "database",
        "index",
        "models",
    }
    assert all("\n" not in entry["said"] for entry in report["findings"])


def test_a_changed_store_wants_a_new_index(whole: Config, database: Database) -> None:
    assert doctor.check_index(whole).level == "ok"
    PageStore(database).add([page(9)])
    finding = doctor.check_index(whole)
    assert (finding.level, finding.repair) == ("warn", "run: appliance index")
    build(database, whole.home.root, LexicalEncoder())
    assert doctor.check_index(whole).level == "ok"


def test_another_collection_is_no_reason_to_index(whole: Config, database: Database) -> None:
    PageStore(database, "notes").add([page(0), page(8)])
    assert doctor.check_index(whole).level == "ok"
    build(database, whole.home.root, LexicalEncoder(), collection="notes")
    for collection in ("web", "notes"):
        finding = doctor.check_index(replace(whole, collection=collection))
        assert finding.level == "ok", finding
    PageStore(database, "notes").add([page(9)])
    assert doctor.check_index(whole).level == "ok"
    assert doctor.check_index(replace(whole, collection="notes")).level == "warn"


def test_what_a_check_raises_is_its_finding(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def careless(_: Config) -> Finding:
        raise ZeroDivisionError("no figures")

    monkeypatch.setattr(doctor, "CHECKS", {"a": careless, "python": doctor.check_python})
    first, second = examine(Config(Home(tmp_path)))
    assert (first.ok, first.said) == (
        False,
        "the check itself failed with ZeroDivisionError: no figures",
    )
    assert second.ok


def test_a_switched_off_seal_is_a_failure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = Config(Home(tmp_path))
    monkeypatch.delenv(doctor.UNSEALED, raising=False)
    assert doctor.check_seal(config).level == "ok"
    weaker = Config(Home(tmp_path), allow_hosts=("db.lan",))
    assert doctor.check_seal(weaker).level == "warn"
    monkeypatch.setenv(doctor.UNSEALED, "1")
    assert doctor.check_seal(config).level == "FAIL"


def test_a_package_of_another_distribution_is_a_failure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = Config(Home(tmp_path))
    assert doctor.check_packages(config).ok
    info = tmp_path / "zoo-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: zoo\nVersion: 1.0\n")
    (info / "top_level.txt").write_text("models\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    finding = doctor.check_packages(config)
    assert not finding.ok
    assert "models (from zoo)" in finding.said


def test_a_finding_is_one_line() -> None:
    finding = Finding("home", "FAIL", "it is\nbroken", "mend it")
    assert line(finding) == "FAIL  home: it is broken → mend it"


def test_a_settings_file_that_is_none_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "appliance.toml").write_text("threads = [")
    done = run(Config(Home(tmp_path)), "doctor")
    assert done.returncode != 0
    assert "is not valid TOML" in done.stdout + done.stderr
    assert "Traceback" not in done.stderr


def test_verify_of_a_whole_home(whole: Config) -> None:
    done = run(whole, "verify", "--json")
    assert done.returncode == 0, done.stdout + done.stderr
    report = json.loads(done.stdout)
    assert report["ok"]
    assert report["pages"]["said"] == "3 pages of web and 1 snapshot"
    assert [report[part]["faults"] for part in ("pages", "index", "models")] == [[], [], []]


def test_verify_of_an_empty_home(tmp_path: Path) -> None:
    done = run(Config(Home(tmp_path / "none")), "verify")
    assert done.returncode == 0
    assert done.stdout == ""
    assert not (tmp_path / "none").exists()


def test_verify_names_what_was_altered(whole: Config, database: Database) -> None:
    with database.raw() as connection:
        connection.execute("UPDATE page_version SET title = 'Lake' WHERE title = 'River 1'")
    root = whole.home.root / "frozen"
    folder = root / (root / "current").read_text().strip()
    content = bytearray((folder / "terms.npy").read_bytes())
    content[-1] ^= 1
    (folder / "terms.npy").write_bytes(content)
    done = run(whole, "verify")
    assert done.returncode == 1
    lines = done.stdout.splitlines()
    assert len(lines) == 2
    assert lines[0].startswith("pages: version ")
    assert "https://example.org/river-1" in lines[0]
    assert lines[1].startswith("index: The frozen index file")
    assert "terms.npy" in lines[1]


def test_verify_goes_on_after_a_part_that_cannot_be_opened(whole: Config) -> None:
    broken = Config(whole.home, database_url="postgresql:///pages?host=/nowhere")
    done = run(broken, "verify", "--json")
    assert done.returncode == 1
    report = json.loads(done.stdout)
    assert len(report["pages"]["faults"]) == 1
    assert report["index"]["said"].endswith("files of the frozen index")
