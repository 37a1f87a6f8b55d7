"""Folders below the data folder that belong to studios: each is called like its studio's key."""

import uuid
from collections.abc import Iterator
from pathlib import Path


def folders_of_studios(root: Path) -> Iterator[Path]:
    """Those in `root`. What systems leave beside them (lost+found, .DS_Store) is nobody's to sweep."""
    for folder in root.iterdir() if root.exists() else []:
        try:
            named = str(uuid.UUID(folder.name))
        except ValueError:
            continue
        if named == folder.name:
            yield folder
