"""Files that came with messages: waiting to be loaded, stored for one studio under names that nobody can guess, or
not kept, which staff see. What a file is, its own first bytes say, not its sender."""

import datetime as dt
import logging
import os
import secrets
import uuid
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import F, Sum

from conversations.models import MediaFile, Message
from conversations.people import clean_data
from tenants import folders

log = logging.getLogger(__name__)
Kind, Problem, State = Message.Kind, MediaFile.Problem, MediaFile.State

FOLDER = "chats"  # below MEDIA_ROOT
LARGEST = 16 * 2**20  # bytes of one file
STUDIO_ROOM = 5 * 2**30  # bytes of all files of one studio
LEASE = dt.timedelta(minutes=3)
# After these waits a file that WhatsApp did not give out is asked for again.
RETRIES = tuple(dt.timedelta(seconds=wait) for wait in (5, 30, 120, 600, 3600))

_FIRST_BYTES = (
    (0, b"\xff\xd8\xff", "image/jpeg"),
    (0, b"\x89PNG\r\n\x1a\n", "image/png"),
    (0, b"GIF8", "image/gif"),
    (8, b"WEBP", "image/webp"),
    (0, b"OggS", "audio/ogg"),
    (0, b"ID3", "audio/mpeg"),
    (0, b"\xff\xfb", "audio/mpeg"),
    (0, b"\xff\xf3", "audio/mpeg"),
    (0, b"\xff\xf1", "audio/aac"),
    (0, b"\xff\xf9", "audio/aac"),
    (0, b"#!AMR", "audio/amr"),
    (8, b"WAVE", "audio/wav"),
    (4, b"ftyp3g", "video/3gpp"),
    (4, b"ftyp", "video/mp4"),
    (0, b"%PDF-", "application/pdf"),
    (0, b"PK\x03\x04", "application/zip"),
    (0, b"\xd0\xcf\x11\xe0", "application/x-ole-storage"),
)
_OFFICE = frozenset({".docx", ".xlsx", ".pptx", ".odt", ".ods", ".doc", ".xls", ".ppt"})
_PLAIN = frozenset({".txt", ".csv", ".vcf", ".ics"})
_EXTENSIONS = {
    "image/jpeg": ".jpg",
    "audio/mpeg": ".mp3",
    "audio/mp4": ".m4a",
    "video/3gpp": ".3gp",
    "application/octet-stream": "",
    "text/plain": ".txt",
}


def expect(message: Message, source: Mapping[str, Any], at: dt.datetime) -> MediaFile:
    """A file belongs to this message, and is to be loaded."""
    media = MediaFile(
        message=message, tenant_id=message.tenant_id, source=clean_data(source), due_at=at
    )
    if int(source.get("size") or 0) > LARGEST:
        media.state, media.problem, media.source, media.due_at = (
            State.FAILED,
            Problem.TOO_LARGE,
            {},
            None,
        )
    media.save(force_insert=True)
    return media


def of(message: Message) -> MediaFile | None:
    return MediaFile.objects.filter(message=message).first()


def claim_next(tenant_id: uuid.UUID, at: dt.datetime) -> MediaFile | None:
    """A file of this studio that is to be loaded now; it is ours for three minutes."""
    waiting = MediaFile.objects.filter(tenant_id=tenant_id, state=State.WAITING, due_at__lte=at)
    media = waiting.select_related("message").order_by("due_at").first()
    if media is None:
        return None
    free = MediaFile.objects.filter(pk=media.pk, state=State.WAITING, due_at=media.due_at)
    if free.update(due_at=at + LEASE, attempts=F("attempts") + 1) != 1:
        return None
    media.attempts += 1
    return media


def store(media: MediaFile, data: bytes) -> bool:
    """Keep the file. False when it is not kept; the row says why."""
    content_type = content_type_of(media.message, data)
    problem = "" if content_type else Problem.WRONG_KIND
    if not problem and _used(media.tenant_id) + len(data) > STUDIO_ROOM:
        problem = Problem.NO_ROOM
    if problem:
        _give_up(media, problem)
        return False
    path = f"{FOLDER}/{media.tenant_id}/{secrets.token_urlsafe(24)}"
    _write(settings.MEDIA_ROOT / path, data)
    changes = {"path": path, "content_type": content_type, "size": len(data)}
    changes |= {"state": State.STORED, "problem": "", "source": {}, "due_at": None}
    rows = MediaFile.objects.filter(pk=media.pk, state=State.WAITING)
    if not rows.update(**changes):  # deleted by its sender meanwhile
        (settings.MEDIA_ROOT / path).unlink()
        return False
    return True


def failed(media: MediaFile, problem: str, at: dt.datetime, *, permanent: bool) -> None:
    """It could not be loaded: tried again after a wait, or given up."""
    if permanent or media.attempts > len(RETRIES):
        _give_up(media, problem)
    else:
        wait = RETRIES[max(media.attempts, 1) - 1]
        rows = MediaFile.objects.filter(pk=media.pk, state=State.WAITING)
        rows.update(due_at=at + wait, problem=problem)


def try_again(media: MediaFile, at: dt.datetime) -> bool:
    """Staff ask for a file once more. False for one that nobody can have any more; its problem says why."""
    if media.state != State.FAILED or not media.source:
        return False
    rows = MediaFile.objects.filter(pk=media.pk, state=State.FAILED)
    return rows.update(state=State.WAITING, problem="", attempts=0, due_at=at) == 1


def keep(message: Message, data: bytes, content_type: str) -> bool:
    """Store the file of a message that leaves. False when there is no room."""
    if _used(message.tenant_id) + len(data) > STUDIO_ROOM:
        return False
    path = f"{FOLDER}/{message.tenant_id}/{secrets.token_urlsafe(24)}"
    _write(settings.MEDIA_ROOT / path, data)
    fields = {"path": path, "content_type": content_type, "size": len(data)}
    MediaFile.objects.create(
        message=message, tenant_id=message.tenant_id, state=State.STORED, **fields
    )
    return True


def link(message: Message, own: str, content_type: str, size: int) -> None:
    """Give a message that leaves a file of the studio's own: no second copy where the disk can do without.

    OSError when the file is gone.
    """
    path = f"{FOLDER}/{message.tenant_id}/{secrets.token_urlsafe(24)}"
    source, target = settings.MEDIA_ROOT / own, settings.MEDIA_ROOT / path
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        os.link(source, target)
        os.utime(target)  # no old age, at which a file without a row is swept
    except OSError:
        _write(target, source.read_bytes())
    fields = {"path": path, "content_type": content_type, "size": size}
    MediaFile.objects.create(
        message=message, tenant_id=message.tenant_id, state=State.STORED, **fields
    )


def read(media: MediaFile) -> bytes:
    """The bytes of a stored file. FileNotFoundError when somebody deleted it."""
    return Path(settings.MEDIA_ROOT / media.path).read_bytes()


def _give_up(media: MediaFile, problem: str) -> None:
    """Where it lies is forgotten, unless another try may help."""
    rows = MediaFile.objects.filter(pk=media.pk, state=State.WAITING)
    source = media.source if problem in _CURABLE else {}
    rows.update(state=State.FAILED, problem=problem, source=source, due_at=None)


_CURABLE = (Problem.UNREACHABLE, Problem.NO_ROOM)


def take_back(message: Message) -> None:
    """Its sender deleted the message: the file goes as soon as that is certain."""
    media = of(message)
    if media is None:
        return
    path = media.path
    MediaFile.objects.filter(pk=media.pk).update(
        state=State.FAILED, problem=Problem.TAKEN_BACK, source={}, due_at=None, path="", size=0
    )
    if path:
        transaction.on_commit(lambda: (settings.MEDIA_ROOT / path).unlink(missing_ok=True))


def sweep(at: dt.datetime) -> int:
    """Delete files that no row names: those of deleted studios and chats, and of kills in the middle of storing."""

    def named(studio: str) -> set[str]:
        return set(MediaFile.objects.filter(tenant_id=studio).values_list("path", flat=True))

    return folders.sweep(settings.MEDIA_ROOT / FOLDER, at, LEASE, named)


def kind_of(data: bytes) -> str:
    """What the first bytes say that it is; empty for what is not known here."""
    return next((t for at, first, t in _FIRST_BYTES if data[at : at + len(first)] == first), "")


def content_type_of(message: Message, data: bytes) -> str:
    """What the file is; empty for what does not fit the kind of message, or is no file that studios need."""
    found = kind_of(data)
    if message.kind in (Kind.IMAGE, Kind.STICKER):
        return found if found.startswith("image/") else ""
    if message.kind in (Kind.VOICE, Kind.AUDIO):
        found = found.replace("video/mp4", "audio/mp4")
        return found if found.startswith("audio/") else ""
    if message.kind == Kind.VIDEO:
        return found if found.startswith("video/") else ""
    return _document(found, file_name(message), data)


def _document(found: str, name: str, data: bytes) -> str:
    ending = PurePosixPath(name.lower()).suffix
    if found in ("application/zip", "application/x-ole-storage"):
        return "application/octet-stream" if ending in _OFFICE else ""
    if found:
        return found
    return "text/plain" if ending in _PLAIN and b"\0" not in data else ""


def file_name(message: Message) -> str:
    """The name for whoever saves the file: the sender's, without folders and marks, else one of ours."""
    name = str(message.details.get("file_name", ""))
    name = "".join(c if c.isalnum() or c in " ._-()" else "_" for c in name).strip(" .")
    return name[-100:] or f"{message.kind}-{message.pk}"


def saved_as(media: MediaFile) -> str:
    """The same, with an ending that fits what the file is."""
    name, content_type = file_name(media.message), media.content_type
    ending = _EXTENSIONS.get(content_type, f".{content_type.rpartition('/')[2]}")
    return name if PurePosixPath(name).suffix else f"{name}{ending}"


def _used(tenant_id: uuid.UUID) -> int:
    """Bytes of the studio's files, without those of its entries, of which each chat has only a link."""
    files = MediaFile.objects.filter(tenant_id=tenant_id)
    own = files.exclude(message__author=Message.Author.ASSISTANT)
    return int(own.aggregate(total=Sum("size"))["total"] or 0)


def _write(path: Path, data: bytes) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    part = path.with_name(f"{path.name}.part")
    part.write_bytes(data)
    part.chmod(0o600)
    part.replace(path)
