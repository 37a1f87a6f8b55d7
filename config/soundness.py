"""How the installation is: each part in a word, green, amber or red, and what to do. Each check fails alone."""

import datetime as dt
import http.client
import importlib.metadata
import logging
import platform
import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import django
from django.conf import settings
from django.db import connection
from django.utils.formats import date_format
from django.utils.timesince import timesince
from django.utils.translation import gettext as _

from agent.models import Turn
from config.alarms import CALLS, OF_ONE_ANSWER
from config.telling import MODEL as MADE_UP
from conversations.models import Conversation, Message
from knowledge.models import KnowledgeEntry
from tenants.models import Tenant
from tenants.numbers import decimal
from whatsapp import version
from whatsapp.models import WhatsAppAccount
from whatsapp.states import describe

log = logging.getLogger(__name__)
OK, WAIT, BAD = "ok", "wait", "bad"
SLOW = 0.2  # seconds for the smallest question to the database
LATE = dt.timedelta(minutes=2)  # what waits longer than this waits for somebody who is not there
GIGABYTE = 2**30
PATIENCE = 2.0  # seconds for the vector server


@dataclass(frozen=True)
class Part:
    """`what` is how it stands, `do` what to do about it; nothing where nothing is to be done."""

    name: str
    tone: str
    what: str
    do: str = ""


def parts(at: dt.datetime) -> list[Part]:
    return [part for check in CHECKS for part in _checked(check, at)]


def worst(found: list[Part]) -> str:
    return max((part.tone for part in found), key=[OK, WAIT, BAD].index, default=OK)


def _checked(check: Callable[[dt.datetime], Iterator[Part]], at: dt.datetime) -> list[Part]:
    try:
        return list(check(at))
    except Exception as error:
        log.exception("a check failed")
        words = _("It could not be looked at: %(error)s") % {"error": type(error).__name__}
        return [Part(check.__name__.replace("_", " "), BAD, words, _("See the log."))]


def _database(_at: dt.datetime) -> Iterator[Part]:
    begun = time.monotonic()
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    took = time.monotonic() - begun
    names = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}
    what = _("%(engine)s answers in %(ms)s ms.") % {
        "engine": names.get(connection.vendor, connection.vendor),
        "ms": decimal(1000 * took, 1),
    }
    do = _("The disk or the server of the database is overloaded.") if took > SLOW else ""
    yield Part(_("Database"), WAIT if do else OK, what, do)


def _vectors(_at: dt.datetime) -> Iterator[Part]:
    name = _("Vector store")
    if not settings.QDRANT_URL:
        yield Part(name, OK, _("Embedded: each process keeps its own, made from the database."))
        return
    if _answers(settings.QDRANT_URL):
        yield Part(name, OK, _("The Qdrant server answers."))
        return
    do = _(
        "Start it, or check QDRANT_URL. Until then each process uses its own index; nothing is lost."
    )
    yield Part(name, WAIT, _("The Qdrant server does not answer."), do)


def _answers(url: str) -> bool:
    address = urlsplit(url)
    secure = address.scheme == "https"
    kind = http.client.HTTPSConnection if secure else http.client.HTTPConnection
    asked = kind(address.hostname or "", address.port or (443 if secure else 80), timeout=PATIENCE)
    try:
        asked.request("GET", "/readyz")
        return asked.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        asked.close()


def _provider(at: dt.datetime) -> Iterator[Part]:
    name = _("AI provider")
    own = Tenant.objects.active().exclude(anthropic_api_key="").exists()
    if not (settings.ANTHROPIC_API_KEY or settings.ANTHROPIC_BASE_URL or own):
        do = _("Set ANTHROPIC_API_KEY, or a key in a studio's settings.")
        yield Part(name, WAIT, _("No key: answers come word for word from the knowledge."), do)
        return
    runs = Turn.objects.filter(created_at__gte=at - dt.timedelta(days=1))
    runs = runs.exclude(purpose=Turn.Purpose.LISTENING)
    asked = runs.exclude(model=MADE_UP).exclude(model="", error="")
    errors = list(asked.order_by("-created_at").values_list("error", flat=True)[:CALLS])
    failed = [error for error in errors if error and error not in OF_ONE_ANSWER]
    if errors and len(failed) == len(errors):
        yield Part(
            name,
            BAD,
            _(failed[0])[:300],
            _("Check the key, the bill and the provider's status page."),
        )
    elif failed:
        yield Part(
            name, WAIT, _(failed[0])[:300], _("One answer failed; look again in a few minutes.")
        )
    else:
        model = _("Model %(model)s.") % {"model": settings.AGENT_MODEL}
        yield Part(name, OK, model if errors else f"{model} {_('Not asked in the last 24 hours.')}")


def _embeddings(at: dt.datetime) -> Iterator[Part]:
    rows = KnowledgeEntry.objects.filter(status=KnowledgeEntry.Status.ACTIVE)
    failed = rows.filter(index_state=KnowledgeEntry.IndexState.FAILED).count()
    late = rows.filter(
        index_state=KnowledgeEntry.IndexState.WAITING, updated_at__lt=at - LATE
    ).count()
    name = _("Index of the knowledge")
    if failed:
        what = _("%(n)s entries failed and are tried again.") % {"n": failed}
        yield Part(name, BAD, what, _("The reason stands at each entry in Knowledge."))
    elif late:
        what = _("%(n)s entries wait for longer than two minutes.") % {"n": late}
        yield Part(name, WAIT, what, _("The WhatsApp service does this work: see whether it runs."))
    else:
        yield Part(name, OK, _("Every entry is indexed."))


def _mailboxes(at: dt.datetime) -> Iterator[Part]:
    live = Conversation.objects.filter(tenant__mode=Tenant.Mode.LIVE, tenant__active=True)
    due = live.free(at).filter(reply_due_at__lt=at - LATE).count()
    leaving = Message.objects.filter(state=Message.State.QUEUED, created_at__lt=at - LATE)
    stuck = leaving.filter(not_before=None).count()
    name, do = (
        _("Messages"),
        _("See whether the WhatsApp service runs and the lines are connected."),
    )
    if due:
        what = _("%(n)s conversations wait for an answer for longer than two minutes.") % {"n": due}
        yield Part(name, BAD, what, do)
    elif stuck:
        what = _("%(n)s messages wait to be sent for longer than two minutes.") % {"n": stuck}
        yield Part(name, WAIT, what, do)
    else:
        yield Part(name, OK, _("Nothing waits for longer than two minutes."))


def _lines(at: dt.datetime) -> Iterator[Part]:
    accounts = WhatsAppAccount.objects.filter(tenant__active=True).select_related("tenant")
    for account in accounts.order_by("tenant__name"):
        status = describe(account, at)
        beat = account.heartbeat_at
        told = _("Last sign of life %(ago)s ago.") % {"ago": timesince(beat, at)} if beat else ""
        tone = status.tone if account.phone else OK  # not linked yet is no fault of the house
        do = "" if tone == OK else status.next_step
        yield Part(f"WhatsApp · {account.tenant.name}", tone, f"{status.detail} {told}".strip(), do)


def _disk(_at: dt.datetime) -> Iterator[Part]:
    used = shutil.disk_usage(settings.DATA_DIR)
    free, share = used.free / GIGABYTE, used.free / used.total
    what = _("%(free)s GB free (%(share)s %%) where the data is kept.") % {
        "free": decimal(free, 1),
        "share": round(100 * share),
    }
    do = _("Make room: without any, no message can be stored.")
    tone = BAD if free < 0.5 else WAIT if free < 2 or share < 0.1 else OK
    yield Part(_("Disk"), tone, what, "" if tone == OK else do)


def _backup(at: dt.datetime) -> Iterator[Part]:
    folder = Path(settings.DATA_DIR) / "backups"
    made = (
        [path.stat().st_mtime for path in folder.glob("mila-*.tar.gz")] if folder.is_dir() else []
    )
    do = _("Run “manage.py backup” every night, and keep a copy elsewhere (docs/DEPLOYMENT.md).")
    if not made:
        what = _("There is no backup in the data folder.")
        yield Part(_("Last backup"), WAIT, what, do)
        return
    newest = dt.datetime.fromtimestamp(max(made), dt.UTC)
    age = at - newest
    what = date_format(newest, "DATETIME_FORMAT") + " UTC"
    tone = OK if age < dt.timedelta(hours=26) else WAIT if age < dt.timedelta(days=7) else BAD
    yield Part(_("Last backup"), tone, what, "" if tone == OK else do)


def _versions(at: dt.datetime) -> Iterator[Part]:
    told = [f"Python {platform.python_version()}", f"Django {django.get_version()}"]
    for package in ("neonize", "anthropic", "django-unfold", "qdrant-client"):
        try:
            told.append(f"{package} {importlib.metadata.version(package)}")
        except importlib.metadata.PackageNotFoundError:
            continue
    old = version.warning(at)
    yield Part(_("Versions"), WAIT if old else OK, " · ".join(told), old)


CHECKS: tuple[Callable[[dt.datetime], Iterator[Part]], ...] = (
    _database,
    _lines,
    _mailboxes,
    _provider,
    _embeddings,
    _vectors,
    _disk,
    _backup,
    _versions,
)
