"""The settings, as one frozen value: defaults < TOML file < APPLIANCE_* variables < flags.

Nothing here acts on a setting; whoever needs one is handed the value.
"""

import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from .errors import ConfigError
from .home import Home, find_home


@dataclass(frozen=True, slots=True)
class Config:
    """Every setting of the appliance.

    `database_url` and `milvus_uri` empty mean the private PostgreSQL and Milvus Lite of the home.
    `milvus_token` is what a Milvus server asks for, `milvus_index` the type of its dense index.
    `encoder` is `auto` (BGE-M3 where its folder is in the home, else BM25), `lexical` (given as
    `bm25` too), `bge-m3`, or the folder of a BGE-M3 checkpoint. `encoder_device` (`cpu`,
    `cuda:0,cuda:1`; empty: all GPUs, else the CPU) and `encoder_precision` (`fp32`, `fp16`) are for
    passages, `query_precision` (`fp32`, `int8`) for queries and the reranker. `reranker` is empty
    for none, `bge-reranker-v2-m3` for the one in the home, or a folder; it reads `rerank_pages`
    pages.
    `context` is the window in tokens (0: what the model's profile says); `context_policy` is what
    makes room in a full one, `trim` or `none` (empty: what the profile says).
    `model` empty means: the first installed researcher, else quotes. `judge` lets the model judge
    claims that no quote carries. `allow_hosts` are the hosts
    outside this process that the seal lets through (a database or engine of the local network);
    naming one weakens the seal from a kernel filter to a check inside Python.
    """

    home: Home
    collection: str = "web"
    database_url: str = ""
    milvus_uri: str = ""
    milvus_token: str = field(default="", repr=False)
    milvus_index: str = ""
    encoder: str = "auto"
    encoder_device: str = ""
    encoder_precision: str = "fp32"
    query_precision: str = "fp32"
    reranker: str = ""
    rerank_pages: int = 10
    model: str = ""
    context: int = 0
    context_policy: str = ""
    threads: int = 0
    seed: int = 0
    judge: bool = False
    allow_hosts: tuple[str, ...] = ()


_SETTINGS = {each.name: each.type for each in fields(Config) if each.name != "home"}
_ALSO = {"bm25": "lexical"}
"""Other names of encoders: what built an index is called BM25 wherever it is said."""
_CHOICES = {
    "encoder_precision": ("fp32", "fp16"),
    "query_precision": ("fp32", "int8"),
    "context_policy": ("", "trim", "none"),
}


def load(
    flags: Mapping[str, object] | None = None,
    environment: Mapping[str, str] | None = None,
    folder: Path | None = None,
) -> Config:
    """Gather the settings; ConfigError names the file or variable that cannot be used."""
    environment = os.environ if environment is None else environment
    home, beside = find_home(environment, folder)
    config = Config(home)
    for path in (beside, home.settings):
        if path is not None and path.is_file():
            config = replace(config, **_from_toml(path))
    values: dict[str, Any] = {
        name: _typed(name, environment[f"APPLIANCE_{name.upper()}"], f"APPLIANCE_{name.upper()}")
        for name in _SETTINGS
        if f"APPLIANCE_{name.upper()}" in environment
    }
    config = replace(config, **values)
    given: dict[str, Any] = {
        name: value for name, value in (flags or {}).items() if value is not None
    }
    config = replace(config, **given)
    if not re.fullmatch(r"[a-z0-9][a-z0-9._-]{0,62}", config.collection):
        raise ConfigError(
            f"{config.collection!r} cannot name a collection; use small letters, digits, '.', '_' "
            "and '-'"
        )
    config = replace(config, encoder=_ALSO.get(config.encoder, config.encoder))
    if not config.encoder.strip():
        raise ConfigError(
            "the setting encoder is empty; give auto, lexical, bge-m3, or the folder of a BGE-M3 "
            "checkpoint"
        )
    for name, allowed in _CHOICES.items():
        if (value := getattr(config, name)) not in allowed:
            named = " or ".join(filter(None, allowed))
            raise ConfigError(f"the setting {name} is {value!r}; give {named}")
    return config


def _from_toml(path: Path) -> dict[str, Any]:
    try:
        table = tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        raise ConfigError(f"{path} cannot be read ({error.strerror}); mend its rights") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} is not valid TOML ({error}); correct that line") from error
    return {name: _typed(name, value, str(path)) for name, value in table.items()}


def _typed(name: str, value: object, where: str) -> object:
    kind = _SETTINGS.get(name)
    if kind is None:
        raise ConfigError(
            f"{where} sets {name!r}, which is no setting; the settings are: {', '.join(_SETTINGS)}"
        )
    if kind is bool:
        if str(value).lower() in ("true", "false"):
            return str(value).lower() == "true"
        raise ConfigError(f"{where} sets {name} to {value!r}; give true or false")
    if kind is int:
        if isinstance(value, (int, str)) and re.fullmatch(r"-?\d{1,18}", str(value)):
            return int(value)
        raise ConfigError(f"{where} sets {name} to {value!r}; give a whole number")
    if kind is str:
        if isinstance(value, str):
            return value
        raise ConfigError(f"{where} sets {name} to {value!r}; give a text in quotation marks")
    items = value.split(",") if isinstance(value, str) else value
    if not isinstance(items, list) or not all(isinstance(item, str) for item in items):
        raise ConfigError(f"{where} sets {name} to {value!r}; give a list of host names")
    return tuple(str(item).strip() for item in items if str(item).strip())
