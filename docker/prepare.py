"""While the image is built: compile the translations and collect the static files, with no secret in any layer."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def run(*command: str, **environment: str) -> None:
    subprocess.run(  # noqa: S603
        [sys.executable, *command], cwd=ROOT, env={**os.environ, **environment}, check=True
    )


for catalogue in sorted(ROOT.glob("locale/*/LC_MESSAGES/django.po")):
    source, target = str(catalogue), str(catalogue.with_suffix(".mo"))
    run("-m", "babel.messages.frontend", "compile", "-i", source, "-o", target)
# The settings take the storage of hashed names where its list exists; collectstatic fills it.
manifest = ROOT / "staticfiles" / "staticfiles.json"
manifest.parent.mkdir(exist_ok=True)
manifest.write_text('{"version": "1.1", "paths": {}}')
with tempfile.TemporaryDirectory() as folder:  # the secrets made here are thrown away
    run("manage.py", "collectstatic", "--noinput", "--verbosity", "0", DATA_DIR=folder)
