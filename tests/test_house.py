"""The house: whose packages these are, which may import which, and what make offers."""

import importlib.metadata
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
DISTRIBUTION = "deep-research-appliance"
PACKAGES = ("appliance", "crawler", "extraction", "importers", "indexer", "models", "store")
TARGETS = (
    "setup", "demo", "test", "lint", "crawl", "index", "ask", "replay", "bench", "accept", "clean",
)  # fmt: skip
HEAVY = (
    "torch", "transformers", "FlagEmbedding", "numpy", "scrapy", "twisted", "trafilatura",
    "llama_cpp", "pymilvus", "milvus_lite", "sqlalchemy", "alembic", "psycopg",
)  # fmt: skip


def loaded_by(statement: str) -> set[str]:
    """The top-level modules in memory after a statement in a fresh process."""
    source = f"import sys\n{statement}\nprint(*{{name.partition('.')[0] for name in sys.modules}})"
    done = subprocess.run(
        [sys.executable, "-c", source], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return set(done.stdout.split())


def lint_imports(root: Path) -> subprocess.CompletedProcess[str]:
    """Run import-linter as the checkout in `root` configures it."""
    return subprocess.run(
        [str(Path(sys.executable).with_name("lint-imports")), "--no-cache"],
        cwd=root, capture_output=True, text=True, check=False,
    )  # fmt: skip


def loose(requirements: str) -> list[str]:
    """The lines of a requirements file that do not pin one version."""
    lines = (line.partition("#")[0].strip() for line in requirements.splitlines())
    return [
        line
        for line in lines
        if line
        and not line.startswith("-r ")
        and not re.fullmatch(r"[A-Za-z0-9._-]+(\[[a-z,]+\])?==[^\s;*]+(\s*;.*)?", line)
    ]


@pytest.mark.parametrize("package", PACKAGES)
def test_a_package_belongs_to_us_alone(package: str) -> None:
    owners = importlib.metadata.packages_distributions().get(package, [])
    assert set(owners) <= {DISTRIBUTION}
    # An editable installation lists no files; the distribution itself must then be there.
    assert importlib.metadata.version(DISTRIBUTION)


def test_another_owner_would_be_seen() -> None:
    assert "click" in importlib.metadata.packages_distributions()["click"]


def test_the_layers_hold() -> None:
    done = lint_imports(ROOT)
    assert done.returncode == 0, done.stdout


def test_a_broken_layer_is_found(tmp_path: Path) -> None:
    for package in PACKAGES:
        shutil.copytree(ROOT / package, tmp_path / package, ignore=_not_python)
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    (tmp_path / "store" / "guilty.py").write_text("import crawler.errors\n")
    done = lint_imports(tmp_path)
    assert done.returncode != 0
    assert "store.guilty -> crawler.errors" in done.stdout


def _not_python(folder: str, names: list[str]) -> list[str]:
    return [n for n in names if not n.endswith(".py") and not (Path(folder) / n).is_dir()]


def test_the_command_line_imports_nothing_heavy() -> None:
    assert loaded_by("import appliance.cli") & set(HEAVY) == set()


def test_help_imports_nothing_heavy() -> None:
    statement = "from appliance.cli import cli; cli.main(['--help'], standalone_mode=False)"
    assert loaded_by(statement) & set(HEAVY) == set()


def test_a_heavy_import_is_found() -> None:
    assert "numpy" in loaded_by("import indexer.frozen.read, numpy")


def test_only_one_module_imports_pymilvus() -> None:
    pattern = re.compile(r"^\s*(?:from|import) (?:pymilvus|milvus_lite)\b", re.MULTILINE)
    guilty = [
        path.relative_to(ROOT).as_posix()
        for package in PACKAGES
        for path in sorted((ROOT / package).rglob("*.py"))
        if pattern.search(path.read_text("utf-8"))
    ]
    assert guilty == ["indexer/milvus.py"]


@pytest.mark.parametrize("target", TARGETS)
def test_make_has_the_target_and_says_what_it_does(target: str) -> None:
    assert re.search(rf"^{target}:.*## \S", (ROOT / "Makefile").read_text(), re.MULTILINE)


def test_make_help_lists_them() -> None:
    done = subprocess.run(
        ["make", "--no-print-directory", "help"], cwd=ROOT, capture_output=True, text=True,
        check=True,
    )  # fmt: skip
    listed = {line.split()[0] for line in done.stdout.splitlines() if line.strip()}
    assert set(TARGETS) <= listed


@pytest.mark.parametrize("name", ["core", "dev", "encode", "query"])
def test_requirements_are_pinned(name: str) -> None:
    text = (ROOT / "requirements" / f"{name}.txt").read_text()
    assert text.strip()
    assert loose(text) == []


def test_a_loose_requirement_is_found() -> None:
    assert loose("click==8.1.8\nnumpy>=2\n# comment\n-r core.txt\nfoo\nbar==1.*\n") == [
        "numpy>=2",
        "foo",
        "bar==1.*",
    ]


@pytest.mark.parametrize(
    ("body", "ci", "code"),
    [
        ("def test_it(): pytest.skip('no reason')", "1", 1),
        ("pytest.skip('no reason', allow_module_level=True)", "1", 2),
        ("@pytest.mark.shared\ndef test_it(): pytest.skip('no data')", "1", 0),
        ("@pytest.mark.machine\ndef test_it(): pytest.skip('no namespaces')", "1", 0),
        ("@pytest.mark.machine\n@pytest.mark.skipif(True, reason='')\ndef test_it(): ...", "1", 0),
        ("@pytest.mark.slow\ndef test_it(): pytest.skip('no reason')", "1", 1),
        ("@pytest.mark.machine\ndef test_it(): assert False", "1", 1),
        ("def test_it(): pytest.skip('no reason')", "", 0),
    ],
)
def test_ci_forbids_skips(tmp_path: Path, body: str, ci: str, code: int) -> None:
    shutil.copy(ROOT / "tests" / "conftest.py", tmp_path)
    (tmp_path / "test_one.py").write_text(f"import pytest\n\n{body}\n", "utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(tmp_path)],
        cwd=tmp_path,
        env={**os.environ, "APPLIANCE_CI": ci},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == code, done.stdout
