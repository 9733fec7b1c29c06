"""Where the home is, what the settings are, and who may write."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from appliance.config import Config, load
from appliance.errors import ConfigError, HomeBusy, HomeUnusable
from appliance.home import Home, find_home, is_checkout

from .conftest import ROOT, Corpus, Done


def test_the_home_is_found_by_one_rule(tmp_path: Path) -> None:
    deep = tmp_path / "project" / "notes" / "deep"
    deep.mkdir(parents=True)
    named = {"APPLIANCE_HOME": str(tmp_path / "named")}
    assert find_home(named, ROOT) == (Home(tmp_path / "named"), None)
    assert find_home({}, ROOT / "tests") == (Home(ROOT / "data"), None)
    settings = tmp_path / "project" / "appliance.toml"
    settings.write_text("")
    assert find_home({}, deep) == (Home(tmp_path / "project" / "data"), settings)
    # The nearest wins, and an empty variable names nothing.
    (deep / "appliance.toml").write_text("")
    assert find_home({"APPLIANCE_HOME": ""}, deep)[0] == Home(deep / "data")


def test_elsewhere_it_is_the_platform_s_data_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "share"))
    assert find_home({}, tmp_path) == (Home(tmp_path / "share" / "appliance"), None)
    assert not is_checkout(tmp_path)
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "something-else"\n')
    assert not is_checkout(tmp_path)


def test_defaults_file_environment_and_flags_in_that_order(tmp_path: Path) -> None:
    beside = tmp_path / "appliance.toml"
    beside.write_text('collection = "beside"\nmodel = "beside"\nseed = 1\ncontext = 100\n')
    home = tmp_path / "data"
    home.mkdir()
    (home / "appliance.toml").write_text(
        'model = "home"\nseed = 2\nallow_hosts = ["a.lan", "b.lan"]\n'
    )
    environment = {"APPLIANCE_SEED": "3", "APPLIANCE_THREADS": "4"}
    assert load({"threads": 5, "model": None}, environment, tmp_path) == Config(
        Home(home),
        collection="beside",
        model="home",
        seed=3,
        threads=5,
        context=100,
        allow_hosts=("a.lan", "b.lan"),
    )
    assert load({}, {"APPLIANCE_ALLOW_HOSTS": "x.lan, y.lan,"}, tmp_path).allow_hosts == (
        "x.lan",
        "y.lan",
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("seed = ", "is not valid TOML ("),
        ("colour = 1", "sets 'colour', which is no setting; the settings are: collection, "),
        ('seed = "many"', "sets seed to 'many'; give a whole number"),
        ("seed = true", "sets seed to True; give a whole number"),
        ("seed = 1.5", "sets seed to 1.5; give a whole number"),
        ("model = 7", "sets model to 7; give a text in quotation marks"),
        ('model = ["a"]', "sets model to ['a']; give a text in quotation marks"),
        ("allow_hosts = 7", "sets allow_hosts to 7; give a list of host names"),
        ("allow_hosts = [7]", "sets allow_hosts to [7]; give a list of host names"),
        ("[seed]\na = 1", "sets seed to {'a': 1}; give a whole number"),
    ],
)
def test_a_bad_setting_names_its_file_and_the_repair(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "appliance.toml"
    path.write_text(text)
    with pytest.raises(ConfigError) as error:
        load({}, {}, tmp_path)
    assert str(error.value).startswith(f"{path} {said}")
    assert "\n" not in str(error.value)


def test_a_bad_variable_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="APPLIANCE_SEED sets seed to 'x'; give a whole number"):
        load({}, {"APPLIANCE_SEED": "x"}, tmp_path)
    (tmp_path / "appliance.toml").write_bytes(b'model = "\xff"')
    with pytest.raises(ConfigError, match="is not valid TOML"):
        load({}, {}, tmp_path)


def test_the_home_is_private_and_its_folders_are_made_once(tmp_path: Path) -> None:
    home = Home(tmp_path / "a" / "b").create()
    assert home.create() is home
    for folder in (home.root, home.runs, home.models, home.logs):
        assert folder.stat().st_mode & 0o777 == 0o700


def test_a_home_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(HomeUnusable) as error:
        Home(tmp_path / "file").create()
    assert str(error.value) == (
        f"the home folder {tmp_path / 'file'} cannot be written (File exists); "
        "make room or set APPLIANCE_HOME to a folder of yours"
    )


HOLDER = """
import sys
from pathlib import Path
from appliance.home import Home

with Home(Path(sys.argv[1])).writer("index"):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_a_second_writer_is_refused_by_the_pid_of_the_first_until_it_is_gone(
    tmp_path: Path,
) -> None:
    home = Home(tmp_path)
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(tmp_path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(HomeBusy) as error, home.writer("index"):
            raise AssertionError("two writers at once")
        assert str(error.value) == (
            f"another `appliance index` (pid {holder.pid}) is writing to {tmp_path}; "
            "wait until it has finished"
        )
        with home.writer("crawl"):
            pass
        os.kill(holder.pid, signal.SIGKILL)
    # The kernel drops the lock of a process that was killed: no file has to be removed.
    with home.writer("index"):
        assert (tmp_path / "index.lock").read_text() == str(os.getpid())


def test_the_verb_says_so_in_one_sentence(corpus: Corpus, command: Callable[..., Done]) -> None:
    with Home(corpus.root).writer("index"):
        done = command("index")
    assert (done.code, done.out) == (1, "")
    assert done.err == (
        f"appliance: another `appliance index` (pid {os.getpid()}) is writing to {corpus.root}; "
        "wait until it has finished\n"
    )
