"""`appliance crawl` as it is typed: twice at once on one home, and a dry run that leaves no trace."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from store.cluster import Cluster
from store.database import open_database
from store.pages import PageStore

ROOT = Path(__file__).parents[2]


@pytest.fixture
def home(tmp_path) -> Iterator[Path]:
    folder = tmp_path / "home"
    yield folder
    if (folder / "postgres").exists():
        Cluster(folder / "postgres").stop()


def appliance(home: Path, *words: str) -> "subprocess.Popen[str]":
    environment = {k: v for k, v in os.environ.items() if not k.startswith("APPLIANCE_")}
    return subprocess.Popen(
        [sys.executable, "-m", "appliance", *words],
        env=environment | {"APPLIANCE_HOME": str(home), "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def ended(process: "subprocess.Popen[str]") -> str:
    out, err = process.communicate(timeout=120)
    assert process.returncode == 0, err
    return out


def test_a_dry_run_leaves_no_trace(home, serve, tmp_path):
    site = serve()
    seeds = tmp_path / "seeds.txt"
    seeds.write_text(f"{site.url}/page/1\n{site.url}/secret/x\n")
    (said,) = json.loads(
        ended(appliance(home, "crawl", "--dry-run", "--json", "--seeds", str(seeds)))
    )
    assert [row["verdict"] for row in said["seeds"]] == ["fetch", "robots"]
    assert [row["pages"] for row in said["sitemaps"]] == [2]
    assert not home.exists()
    text = ended(appliance(home, "crawl", "--dry-run", site.url))
    assert text.startswith("1 seed: 1 would be fetched.\n")
    # Exactly these pages: a crawl would ask for no sitemap, and nor does this.
    before = len(site.asked())
    words = ("crawl", "--dry-run", "--json", "--max-depth", "0", site.url)
    (said,) = json.loads(ended(appliance(home, *words)))
    assert (said["sitemaps"], said["listed"]) == ([], [])
    assert [path for path, _ in site.asked()[before:]] == ["/robots.txt"]


def test_a_nought_is_a_number(home, serve, tmp_path):
    site = serve(pages=5)
    seeds = tmp_path / "seeds.txt"
    seeds.write_text(f"{site.url}/page/1\n{site.url}/page/3\n")
    words = ("crawl", "--seeds", str(seeds), "--workers", "1", "--json")
    (report,) = json.loads(ended(appliance(home, *words, "--max-depth", "0")))
    # Exactly these pages; without the bound it follows links.
    assert report["pages_new"] == 2
    assert {path for path, _ in site.asked()} == {"/robots.txt", "/page/1", "/page/3"}
    (report,) = json.loads(ended(appliance(home, *words)))
    assert report["pages_new"] > 0


def test_the_same_command_twice_shares_the_work(home, serve):
    site = serve(pages=30, delay=0.2)
    words = ("crawl", site.url + "/page/1", "--json", "--workers", "1")
    two = [appliance(home, *words) for _ in range(2)]
    reports = [json.loads(ended(process))[0] for process in two]
    pages = [path for path, _ in site.asked() if path.startswith("/page/")]
    assert len(pages) == len(set(pages)) == 30
    assert sum(report["pages_new"] for report in reports) == 31  # and what the sitemap names
    with open_database(home) as database:
        assert PageStore(database).count() == 31


def test_a_site_that_is_down_does_not_keep_the_others_from_being_fetched(home, serve, tmp_path):
    site = serve(pages=2)
    dead, alive = f"{site.url}/missing", f"{site.url}/page/1"
    sites = tmp_path / "sites.toml"
    sites.write_text(
        "[defaults]\nmax_depth = 0\nworkers = 1\n"
        + "".join(f'[[site]]\nurls = ["{url}"]\n' for url in (dead, alive))
    )
    process = appliance(home, "crawl", "--sites", str(sites), "--json")
    out, err = process.communicate(timeout=120)
    assert out, err
    reports = json.loads(out)
    assert [report["pages_new"] for report in reports] == [0, 1]
    assert reports[0]["refused"] == {"http-404": 1}
    assert process.returncode == 1
    assert "1 of 2 crawls stored nothing" in err
    assert dead in err
    # Given as two addresses, and the living one last.
    process = appliance(home, "crawl", dead, alive, "--max-depth", "0", "--workers", "1")
    _, err = process.communicate(timeout=120)
    assert process.returncode == 1
    assert "1 unchanged" in err or "1 new" in err
    assert "1 of 2 crawls stored nothing" in err
    # The twin: without the dead one it ends well.
    ended(appliance(home, "crawl", alive, "--max-depth", "0", "--workers", "1"))
