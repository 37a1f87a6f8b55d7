"""The whole WhatsApp service as its own processes, on a loopback WhatsApp server, with a private data folder."""

import contextlib
import datetime as dt
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.whatsapp_server.api import LocalRig
from tests.whatsapp_server.client import Customer, Number

ROOT = Path(__file__).resolve().parents[2]
NOT_OURS = (
    "ANTHROPIC_",
    "OPENAI_",
    "QDRANT_",
    "DATABASE_",
    "WHATSAPP_",
    "DJANGO_",
    "SECRET_",
    "EMAIL_",
    "PUBLIC_",
)


# One question, and what stands in the answer of each studio of the evaluation file.
QUESTION = "alamat studio dimana kak?"
ADDRESS = {"ombak": "Jl. Pantai Pererenan No. 88", "senja": "Jl. Kemang Timur No. 21B"}


def settings_of(folder: Path, **more: str) -> dict[str, str]:
    """The environment of a fresh installation in `folder`, with nothing of the developer's own."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(NOT_OURS)}
    return kept | {"ENV_FILE": os.devnull, "DATA_DIR": str(folder), "AGENT_THREADS": "4"} | more


def manage(folder: Path, *arguments: str, **more: str) -> str:
    """Run a command of MILA to its end."""
    done = subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=ROOT,
        env=settings_of(folder, **more),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def until(found: Callable[[], object], timeout: float = 20, what: str = "") -> object:
    """Wait for a condition; the value that made it true."""
    deadline = time.monotonic() + timeout
    while not (value := found()):
        assert time.monotonic() < deadline, f"not within {timeout} s: {what or found}"
        time.sleep(0.05)
    return value


class Installation:
    """One data folder and what is in it, whoever runs there; and the phones of its studios."""

    url = ""  # of the database, when it is not the file in the folder

    def __init__(self, rig: LocalRig, folder: Path):
        self.rig, self.folder = rig, folder

    def rows(self, query: str, *values: object) -> list[tuple]:
        if self.url.startswith("postgres"):
            with psycopg.connect(self.url, autocommit=True) as connection:
                cursor = connection.execute(query.replace("?", "%s").encode(), values)
                return cursor.fetchall() if cursor.description else []
        file = self.url.removeprefix("sqlite:///") or self.folder / "mila.sqlite3"
        with contextlib.closing(sqlite3.connect(file, timeout=20)) as database:
            rows = database.execute(query, values).fetchall()
            database.commit()
            return rows

    def value(self, query: str, *values: object) -> Any:
        rows = self.rows(query, *values)
        return rows[0][0] if rows else None

    def state(self, slug: str = "ombak") -> str:
        """The state in the row of the studio's account."""
        query = (
            "SELECT state FROM whatsapp_whatsappaccount a JOIN tenants_tenant t"
            " ON t.id = a.tenant_id WHERE t.slug = ?"
        )
        return str(self.value(query, slug))

    def account(self, slug: str = "ombak") -> str:
        """The id of the studio's account, as soon as the supervisor has made it."""
        query = (
            "SELECT a.id FROM whatsapp_whatsappaccount a JOIN tenants_tenant t"
            " ON t.id = a.tenant_id WHERE t.slug = ?"
        )
        return str(until(lambda: self.value(query, slug), what=f"an account of {slug}"))

    def ask_for_code(self, slug: str = "ombak") -> str:
        """What the button does; the code that the service then shows."""
        account = self.account(slug)
        now = str(dt.datetime.now(dt.UTC).replace(tzinfo=None))
        asked = "UPDATE whatsapp_whatsappaccount SET pair_requested_at = ? WHERE id = ?"
        self.rows(asked, now, account)
        query = "SELECT qr FROM whatsapp_whatsappaccount WHERE id = ? AND state = 'qr_ready'"
        return str(until(lambda: self.value(query, account), 30, "a code to scan"))

    def pair(self, number: str, slug: str = "ombak") -> Number:
        """A studio whose phone has scanned the code, and whose line is connected."""
        studio = self.rig.number(number, slug.title())
        studio.scan(self.ask_for_code(slug))
        until(lambda: self.state(slug) == "connected", 30, f"{slug} connected")
        return studio

    def set_mode(self, mode: str, slug: str = "ombak") -> None:
        self.rows("UPDATE tenants_tenant SET mode = ? WHERE slug = ?", mode, slug)

    def lines(self) -> list[int]:
        """Process ids of the lines that belong to this data folder."""
        return [pid for pid in _processes(self.folder) if "--line" in _command(pid)]

    def processes(self) -> list[int]:
        return _processes(self.folder)


class Service(Installation):
    """`manage.py runwhatsapp` in one data folder. It can be killed and started again."""

    def __init__(self, rig: LocalRig, folder: Path):
        super().__init__(rig, folder)
        self.process: subprocess.Popen[bytes] | None = None
        self.environment: dict[str, str] = {}

    def start(self) -> None:
        env = self.rig.environment(settings_of(self.folder, **self.environment))
        with (self.folder / "service.log").open("a") as log:
            self.process = subprocess.Popen(
                [sys.executable, "manage.py", "runwhatsapp"],
                cwd=ROOT,
                env=env,
                stdout=log,
                stderr=log,
            )

    def end(self, how: signal.Signals = signal.SIGTERM, timeout: float = 20) -> int:
        assert self.process is not None
        self.process.send_signal(how)
        return self.process.wait(timeout)

    def logs(self) -> str:
        files = [self.folder / "service.log", *self.folder.glob("logs/*.log")]
        return "\n".join(f"== {file.name}\n{file.read_text()}" for file in files if file.exists())


def _processes(folder: Path) -> list[int]:
    """Every process that was started for this data folder and still runs."""
    mark = f"DATA_DIR={folder}".encode()
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and int(entry.name) != os.getpid():
            with contextlib.suppress(OSError):
                if mark in (entry / "environ").read_bytes().split(b"\0"):
                    found.append(int(entry.name))
    return found


def _command(pid: int) -> str:
    with contextlib.suppress(OSError):
        return (Path("/proc") / str(pid) / "cmdline").read_bytes().replace(b"\0", b" ").decode()
    return ""


@pytest.fixture(scope="session")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with the two studios, made once."""
    folder = tmp_path_factory.mktemp("installed")
    manage(folder, "migrate", "--verbosity", "0")
    manage(folder, "loadstudio", "evals/studios.json")
    return folder


PASSWORD = "correct-horse-battery"
OWNERS = """
from django.contrib.auth.models import User
from tenants.models import Membership, Tenant
for studio in Tenant.objects.all():
    owner = User.objects.create_user(f"owner-{studio.slug}", password="%s", is_staff=True)
    Membership.objects.create(user=owner, tenant=studio, role="owner")
"""


@dataclass(frozen=True)
class Staffed:
    """A data folder whose studios have an owner (owner-<slug>, PASSWORD) and a token each."""

    folder: Path
    tokens: dict[str, str]


@pytest.fixture(scope="session")
def staffed(installed: Path, tmp_path_factory: pytest.TempPathFactory) -> Staffed:
    folder = tmp_path_factory.mktemp("staffed") / "data"
    shutil.copytree(installed, folder)
    manage(folder, "shell", "--no-imports", "-c", OWNERS % PASSWORD)
    return Staffed(folder, {slug: manage(folder, "createtoken", slug).strip() for slug in ADDRESS})


@pytest.fixture
def rig() -> Iterator[LocalRig]:
    with LocalRig() as rig:
        yield rig


@pytest.fixture
def idle_service(rig: LocalRig, installed: Path, tmp_path: Path) -> Iterator[Service]:
    """The service, not yet started."""
    folder = tmp_path / "data"
    shutil.copytree(installed, folder)
    service = Service(rig, folder)
    yield service
    for pid in service.processes():
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    if service.process:
        service.process.wait()
    sys.stdout.write(service.logs())  # pytest shows it when the test failed


@pytest.fixture
def service(idle_service: Service) -> Service:
    idle_service.start()
    return idle_service


@pytest.fixture
def anna(rig: LocalRig) -> Customer:
    return rig.customer("628111000001", "Anna")
