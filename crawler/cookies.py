"""Cookies of a file in the Netscape form, and where each belongs. It knows nothing of requests."""

import time
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from .errors import AccessError

_HTTP_ONLY = "#HttpOnly_"


@dataclass(frozen=True, slots=True)
class Cookie:
    """One line of a cookies file; `below` says that hosts below `domain` get it too, and
    `expires` is a time in seconds, 0 for the end of the session.
    """

    domain: str
    below: bool
    path: str
    secure: bool
    expires: float
    name: str
    value: str = field(repr=False)

    def fits(self, url: str) -> bool:
        """True if RFC 6265, 5.4, sends it with a request for `url`."""
        parts = urlsplit(url)
        name = parts.hostname or ""
        return (
            (name == self.domain or (self.below and name.endswith(f".{self.domain}")))
            and f"{parts.path or '/'}/".startswith(self.path.rstrip("/") + "/")
            and (parts.scheme == "https" or not self.secure)
            and not self.is_over()
        )

    def is_over(self) -> bool:
        """True once its time has come."""
        return 0 < self.expires < time.time()


def read_cookies(path: str) -> list[Cookie]:
    """Return the cookies of a file in the Netscape form, which browsers and curl write.

    Raises AccessError, which never says what is in the file.
    """
    try:
        lines = Path(path).expanduser().read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise AccessError(
            f"The cookies file {path} cannot be read ({error.strerror}); check it."
        ) from None
    except ValueError:
        raise AccessError(
            f"The cookies file {path} is no text in UTF-8; export it in the Netscape form."
        ) from None
    cookies = []
    for number, line in enumerate(lines, 1):
        try:
            if _is_cookie(line):
                cookies.append(_cookie(line))
        except ValueError:
            raise AccessError(
                f"Line {number} of the cookies file {path} is not in the Netscape form (seven "
                "columns with tabs between them); export the file in that form."
            ) from None
    if all(cookie.is_over() for cookie in cookies):
        raise AccessError(
            f"The cookies file {path} holds no cookie that is still good; log in and export it "
            "again."
        )
    return cookies


def _is_cookie(line: str) -> bool:
    return bool(line.strip()) and (not line.startswith("#") or line.startswith(_HTTP_ONLY))


def _cookie(line: str) -> Cookie:
    columns = line.removeprefix(_HTTP_ONLY).split("\t")
    if len(columns) == 6:
        columns.append("")  # some programs leave an empty value out with its tab
    domain, below, path, secure, expires, name, value = columns
    return Cookie(
        domain.lstrip(".").lower(),
        below.upper() == "TRUE" or domain.startswith("."),
        path,
        secure.upper() == "TRUE",
        float(expires or 0),
        name,
        value,
    )
