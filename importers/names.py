"""Names of files as text that can be stored and shown, whatever their bytes are.

It opens no file.
"""

import os
from pathlib import Path


def shown(path: Path | str) -> str:
    """Return a name or a path; what is no UTF-8 in it becomes an escape with a backslash."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")
