"""A house's database on either engine: prepared once with its studios, copied for each house."""

import contextlib
import shutil
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import psycopg

from tests.flows.conftest import manage
from tests.postgres import cluster

# How many messages a minute one customer may send is no question here.
PREPARE = """
from django.core.management import call_command
from tenants.models import Tenant
call_command("migrate", verbosity=0)
call_command("loadstudio", "evals/studios.json")
Tenant.objects.update(messages_per_minute=30000)
"""


@dataclass(frozen=True)
class Prepared:
    """A data folder with its keys, and the settings that lead to its database."""

    folder: Path
    settings: dict[str, str] = field(default_factory=dict)

    @property
    def url(self) -> str:
        return self.settings.get("DATABASE_URL", "")

    def copy(self, folder: Path) -> "Prepared":
        """The same once more, for a house of its own."""
        shutil.copytree(self.folder, folder)
        if not self.url:
            return Prepared(folder)
        server, _slash, name = self.url.rpartition("/")
        return Prepared(folder, {"DATABASE_URL": created(server, template=name)})


def created(server: str, template: str = "template1") -> str:
    """The URL of a new database."""
    name = f"t{uuid.uuid4().hex[:12]}"
    with psycopg.connect(f"{server}/postgres", autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"'.encode())
    return f"{server}/{name}"


@contextlib.contextmanager
def prepared(engine: str, folder: Path) -> Iterator[Prepared]:
    """A house with the studios of the evaluation file, on "sqlite" or a throwaway "postgres"."""
    with contextlib.ExitStack() as stack:
        settings = {}
        if engine == "postgres":
            settings["DATABASE_URL"] = created(stack.enter_context(cluster()))
        manage(folder, "shell", "--no-imports", "-c", PREPARE, **settings)
        yield Prepared(folder, settings)
