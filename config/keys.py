"""Secrets that nobody set: made once, kept in DATA_DIR, readable by the owner only."""

import os
import tempfile
from collections.abc import Callable
from pathlib import Path


def kept(path: Path, make: Callable[[], str]) -> str:
    """Return the secret in `path`; the first caller makes it, also when several processes start at once.

    The file appears whole or not at all (hard link of a finished file), so a kill in between leaves no
    empty secret behind.
    """
    try:
        return path.read_text().strip()
    except FileNotFoundError:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle, draft = tempfile.mkstemp(dir=path.parent)  # mkstemp makes it 0600
        with os.fdopen(handle, "w") as file:
            file.write(make())
        try:
            os.link(draft, path)
        except FileExistsError:
            pass
        finally:
            Path(draft).unlink()
        return path.read_text().strip()
