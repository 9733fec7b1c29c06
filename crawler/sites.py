"""`sites.toml`: which sites to crawl, and how each. It reads the file and fetches nothing.

Each `[[site]]` has `urls`, or a list of `seeds` in a file, and any of the settings of
`CrawlOptions`; `[defaults]` holds settings for all of them.
"""

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from store.digest import write_atomic

from .errors import CrawlError, SeedError, SitesError
from .options import CrawlOptions, check_seeds

EXAMPLE = """\
# The sites that `appliance crawl --sites sites.toml` (or: make crawl) fetches.
# Remove the # before what you want, then run it again.

# [defaults]                        # settings for all sites
# delay = 0.5                       # seconds between two requests to one host
# max_pages = 10000

# [[site]]
# urls = ["https://example.org/docs/"]   # where to start
# scope = "prefix"                       # host (default), prefix: below these folders, or any
# allow = ["/docs/"]                     # follow only links that match one of these ...
# deny = ["/docs/old/"]                  # ... and none of these
# max_depth = 5                          # links away from the start
# per_host_pages = 500                   # pages of one host at most
# cookies = "wiki-cookies.txt"           # for a site behind a login: see docs/crawling.md
"""


@dataclass(frozen=True, slots=True)
class Site:
    """One entry: canonical seeds and the options to crawl them with."""

    seeds: tuple[str, ...]
    options: CrawlOptions


def read_sites(path: Path, **overrides: Any) -> tuple[Site, ...]:
    """Return the sites of the file at `path`; `overrides` (from the command line) win.

    Raises SitesError, which names the file and the repair.
    """
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise SitesError(
            f"There is no file {path}; write one, or give the URLs to crawl."
        ) from None
    except OSError as error:
        raise SitesError(f"{path} cannot be read ({error.strerror}); check it.") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SitesError(f"{path} is not valid TOML ({error}); correct it.") from None
    if unknown := sorted(set(document) - {"defaults", "site"}):
        raise SitesError(f"{path} has a part “{unknown[0]}”; only [defaults] and [[site]] exist.")
    entries = document.get("site")
    if not isinstance(entries, list) or not entries:
        raise SitesError(f"{path} lists no site; remove the # before a [[site]] in it.")
    return tuple(_site(path, entry, document.get("defaults", {}), overrides) for entry in entries)


def read_seeds(path: Path) -> list[str]:
    """Return the addresses in a file: one a line, blank lines and those that begin with # apart.

    Raises SeedError, which names the file and the repair.
    """
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except OSError as error:
        raise SeedError(
            f"The list of seeds {path} cannot be read ({error.strerror}); check it."
        ) from None
    except UnicodeDecodeError:
        raise SeedError(f"The list of seeds {path} is no text in UTF-8; save it so.") from None
    seeds = [line.split("#", 1)[0] if line.lstrip().startswith("#") else line for line in lines]
    found = [seed.strip() for seed in seeds if seed.strip()]
    if not found:
        raise SeedError(f"The list of seeds {path} names no address; write one a line.")
    return found


def _site(path: Path, entry: Any, defaults: Any, overrides: dict[str, Any]) -> Site:
    if not isinstance(entry, dict) or not isinstance(defaults, dict):
        raise SitesError(f"In {path} each site must be a [[site]] and defaults a [defaults] table.")
    urls, listed = entry.get("urls", []), entry.get("seeds")
    if (
        not isinstance(urls, list)
        or not all(isinstance(url, str) for url in urls)
        or not (listed is None or isinstance(listed, str))
        or not (urls or listed)
    ):
        raise SitesError(
            f'In {path} a [[site]] has no urls; write urls = ["https://…"] or seeds = "FILE".'
        )
    own = {name: value for name, value in entry.items() if name not in ("urls", "seeds")}
    values = _placed(defaults | own, path.parent) | overrides
    try:
        if listed is not None:
            urls = [*urls, *read_seeds(path.parent / Path(listed).expanduser())]
        return Site(check_seeds(urls), CrawlOptions.from_json(values))
    except (CrawlError, TypeError) as error:
        raise SitesError(f"In {path}: {error}") from None


def _placed(values: dict[str, Any], folder: Path) -> dict[str, Any]:
    """The settings with paths that count from the file's own folder, and headers as lines."""
    placed = dict(values)
    for name in ("cookies", "client_cert", "client_key", "ca"):
        if isinstance(value := placed.get(name), str):
            placed[name] = str(folder / Path(value).expanduser())
    if isinstance(headers := placed.get("headers"), dict):
        placed["headers"] = [f"{name}: {value}" for name, value in headers.items()]
    return placed


def write_example(path: Path) -> None:
    """Write a commented `sites.toml` to begin with."""
    write_atomic(path, EXAMPLE.encode("utf-8"), mode=0o644)
