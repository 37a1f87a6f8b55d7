"""Folders of files below MEDIA_ROOT, one per studio and called like its key, and the sweeping of what nobody needs."""

import datetime as dt
import shutil
import uuid
from collections.abc import Callable, Collection, Iterator
from pathlib import Path

from tenants.models import Tenant


def folders_of_studios(root: Path) -> Iterator[Path]:
    """Those in `root`. What systems leave beside them (lost+found, .DS_Store) is nobody's to sweep."""
    for folder in root.iterdir() if root.exists() else []:
        try:
            named = str(uuid.UUID(folder.name))
        except ValueError:
            continue
        if named == folder.name:
            yield folder


def sweep(
    root: Path,
    at: dt.datetime,
    young: dt.timedelta,
    named: Callable[[str], Collection[str]],
) -> int:
    """Delete files that no row names: those of deleted studios and rows, and of kills in the middle of storing.

    `named` gives the paths, relative to the parent of `root`, that a studio's rows name. A file younger than `young`
    may still get its row. Returns how many files and folders went.
    """
    swept = 0
    for folder in folders_of_studios(root):
        if not Tenant.objects.filter(pk=folder.name).exists():
            shutil.rmtree(folder, ignore_errors=True)
            swept += 1
            continue
        kept = named(folder.name)
        for file in folder.iterdir():
            age = at.timestamp() - file.stat().st_mtime
            if age > young.total_seconds() and str(file.relative_to(root.parent)) not in kept:
                file.unlink(missing_ok=True)
                swept += 1
    return swept
