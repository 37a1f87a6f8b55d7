"""``python -m tests.whatsapp_server.launch rig.json python manage.py runwhatsapp``

Runs a program, unchanged, so that its neonize clients reach the rig.  All the
launcher does is set the environment (see Rig.environment) and exec the program:
there is no extra process, and signals go straight to it.
"""

from __future__ import annotations

import json
import os
import pathlib
import sys


def environment(card: str) -> dict[str, str]:
    with pathlib.Path(card).open() as file:
        extra = json.load(file)["environment"]
    if os.environ.get("PYTHONPATH"):
        extra["PYTHONPATH"] += os.pathsep + os.environ["PYTHONPATH"]
    return {**os.environ, **extra}


def main() -> None:
    if len(sys.argv) < 3:
        sys.exit("usage: python -m tests.whatsapp_server.launch RIG.JSON PROGRAM [ARGUMENT ...]")
    card, program, *arguments = sys.argv[1:]
    os.execvpe(  # noqa: S606
        program, [program, *arguments], environment(card)
    )


if __name__ == "__main__":
    main()
