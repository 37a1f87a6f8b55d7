"""The settings of a line: MILA's, without what only pages need. There is a process for every number.

A line knows no page's address: what staff are told with a link is written elsewhere.
"""

from collections.abc import Mapping

from config.settings import *  # noqa: F403
from config.settings import DATABASES

# Every app with rows stays: who deletes a row must know all that hang on it.
INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "tenants",
    "knowledge",
    "conversations",
    "agent",
    "notices",
    "reports",
    "whatsapp",
]


def with_small_caches(database: Mapping[str, object]) -> dict[str, object]:
    """SQLite's cache, for each of a line's threads: half a megabyte, as a line reads and writes few rows at a time."""
    options = database.get("OPTIONS")
    if not isinstance(options, dict) or "init_command" not in options:
        return dict(database)
    command = f"{options['init_command']} PRAGMA cache_size=-500;"
    return {**database, "OPTIONS": options | {"init_command": command}}


DATABASES = {name: with_small_caches(database) for name, database in DATABASES.items()}
