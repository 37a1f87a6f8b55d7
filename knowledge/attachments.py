"""The picture or PDF of an entry, which may leave beside an answer: checked by what it is and not by its name, stored
for one studio under a name that nobody can guess. Pictures are made anew, so that nothing rides along in them."""

import datetime as dt
import hashlib
import io
import secrets
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from knowledge import pdfs
from knowledge.models import Attachment, KnowledgeEntry
from tenants import folders

FOLDER = "knowledge"  # below MEDIA_ROOT
LONGEST_SIDE = 2000  # pixels of a picture as it is kept
MOST_PIXELS = 25_000_000  # of a picture that is opened at all: phones make up to 24 million
_one_picture = threading.Lock()  # opened at a time: small files can be pictures of 100 MB
YOUNG = dt.timedelta(hours=1)  # a file without a row may still get one
ENDINGS = {"image/jpeg": ".jpg", "image/png": ".png", "application/pdf": ".pdf"}


@dataclass(frozen=True)
class Checked:
    """A sound file: the bytes to keep, and the digest of those that were given."""

    content_type: str
    kept: bytes
    digest: str


def attach(entry: KnowledgeEntry, data: bytes, name: str) -> Attachment:
    """The entry's file from now on, in place of one that it had. ValidationError with a sentence when it cannot be."""
    return keep(entry, checked(data), name)


def keep(entry: KnowledgeEntry, file: Checked, name: str) -> Attachment:
    """As `attach`, for a file that was looked at already."""
    path = f"{FOLDER}/{entry.tenant_id}/{secrets.token_urlsafe(24)}"
    _write(settings.MEDIA_ROOT / path, file.kept)
    with transaction.atomic():
        remove(entry)
        made = Attachment.objects.create(
            entry=entry,
            tenant_id=entry.tenant_id,
            name=_name(name, file.content_type),
            content_type=file.content_type,
            size=len(file.kept),
            path=path,
            digest=file.digest,
        )
        entry.save(update_fields=["updated_at"])  # every process reads the entry anew
    entry._state.fields_cache["attachment"] = made
    return made


def remove(entry: KnowledgeEntry) -> bool:
    """Take the file away; what was sent stays in the chats. False when there was none."""
    old = Attachment.objects.filter(entry=entry).first()
    if old is None:
        return False
    with transaction.atomic():
        old.delete()
        entry.save(update_fields=["updated_at"])
        transaction.on_commit(_forgotten(settings.MEDIA_ROOT / old.path), robust=True)
    entry._state.fields_cache.pop("attachment", None)
    return True


def read(attachment: Attachment) -> bytes:
    """Its bytes. FileNotFoundError when somebody deleted the file."""
    return Path(settings.MEDIA_ROOT / attachment.path).read_bytes()


def checked(data: bytes) -> Checked:
    """The file as it is kept. ValidationError for anything but a sound JPEG, PNG, WebP or PDF."""
    most = settings.ATTACHMENT_MAX_MB
    if len(data) > most * 2**20:
        raise ValidationError(_("The file is larger than %(most)s MB.") % {"most": most})
    if data.startswith(b"%PDF-"):
        content_type, kept = "application/pdf", _pdf(data)
    else:
        with _one_picture:
            content_type, kept = _picture(data)
    return Checked(content_type, kept, hashlib.sha256(data).hexdigest())


def _pdf(data: bytes) -> bytes:
    damaged = ValidationError(_("The PDF is damaged. Save it anew and try again."))
    if b"%%EOF" not in data[-2048:] or b"obj" not in data:
        raise damaged
    try:
        active = pdfs.is_active(data)
    except pdfs.NotReadableError as error:
        raise damaged from error
    if active:
        raise ValidationError(
            _("The PDF holds a program or another file. Print it into a new PDF and try again.")
        )
    return data


def _picture(data: bytes) -> tuple[str, bytes]:
    """The picture made anew: upright, not too large, without place, camera and whatever else was in the file."""
    from PIL import Image, ImageOps

    try:
        with Image.open(io.BytesIO(data), formats=("JPEG", "PNG", "WEBP")) as opened:
            found: Image.Image = opened
            if found.width * found.height > MOST_PIXELS:
                raise ValidationError(_("The picture has too many pixels. Send a smaller one."))
            png = opened.format == "PNG"
            if found.mode == "P":  # colours by number cannot be mixed
                found = found.convert("RGBA")
            found.thumbnail((LONGEST_SIDE, LONGEST_SIDE))  # first: every later copy is small
            picture = ImageOps.exif_transpose(found).convert("RGBA" if png else "RGB")
    except ValidationError:
        raise
    except Exception as error:  # a damaged picture raises whatever its decoder meets
        raise ValidationError(
            _("Only JPEG, PNG and WebP pictures and PDF files can be attached.")
        ) from error
    made = io.BytesIO()
    if png and picture.getchannel("A").getextrema() == (255, 255):
        picture = picture.convert("RGB")
    picture.save(made, "PNG" if png else "JPEG", optimize=png, quality=88)
    return ("image/png" if png else "image/jpeg"), made.getvalue()


def _name(name: str, content_type: str) -> str:
    """The name under which customers get the file: of plain characters, with the ending of what it is."""
    stem = PurePosixPath(name.replace("\\", "/")).stem
    stem = "".join(c if c.isalnum() or c in " -_()" else "_" for c in stem).strip(" _.")[:80]
    return (stem or "file") + ENDINGS[content_type]


def sweep(at: dt.datetime | None = None) -> int:
    """Delete files that no row names: those of deleted entries and studios, and of kills in the middle of storing."""

    def named(studio: str) -> set[str]:
        return set(Attachment.objects.filter(tenant_id=studio).values_list("path", flat=True))

    return folders.sweep(settings.MEDIA_ROOT / FOLDER, at or timezone.now(), YOUNG, named)


def _forgotten(path: Path) -> Callable[[], None]:
    return lambda: path.unlink(missing_ok=True)


def _write(path: Path, data: bytes) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    part = path.with_name(f"{path.name}.part")
    part.write_bytes(data)
    part.chmod(0o600)
    part.replace(path)
