"""Files of strangers are opened in a process of their own, which is ended when it takes too long."""

import json
import logging
import os
import subprocess
import sys
import threading
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

logger = logging.getLogger(__name__)

SECONDS = 15.0  # a request waits
PATIENCE = 3.0  # seconds until one of the places below is free
_places = threading.BoundedSemaphore(2)  # files at a time: the other threads serve other pages
_KEPT = ("PATH", "PYTHONPATH", "PYTHONHOME", "LANG", "LC_ALL", "LD_LIBRARY_PATH")  # no secret


def read(kind: str, data: bytes) -> tuple[Any, str]:
    """What knowledge/strangers.py found in the file, or the name of its reason to refuse."""
    if not _places.acquire(timeout=PATIENCE):
        raise ValidationError(
            _("Other files are being read at this moment. Try again in a minute.")
        )
    try:
        return _read(kind, data)
    finally:
        _places.release()


def _read(kind: str, data: bytes) -> tuple[Any, str]:
    try:
        done = subprocess.run(  # noqa: S603  our own program
            [sys.executable, "-m", "knowledge.strangers", kind],
            input=data,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,  # libraries talk there, in words of the file
            cwd=settings.BASE_DIR,
            env={name: os.environ[name] for name in _KEPT if name in os.environ},
            timeout=SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return None, "slow"
    if done.returncode:
        logger.warning("Reading a file of %d bytes ended with %d.", len(data), done.returncode)
        return None, "slow"
    told = json.loads(done.stdout)
    return told.get("found"), told.get("refused", "")
