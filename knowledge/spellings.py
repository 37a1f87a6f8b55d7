"""How people name the columns and values of their tables, in both languages."""

import datetime as dt
import re

from knowledge.models import KnowledgeCategory, KnowledgeEntry
from tenants.models import Language

# Field of an entry → names of its column. The first one is what our own files say.
COLUMNS: dict[str, tuple[str, ...]] = {
    "title": ("title", "judul", "question", "pertanyaan", "name", "nama", "topic", "topik"),
    "content": ("content", "text", "teks", "isi", "answer", "jawaban", "description", "deskripsi"),
    "category": ("category", "kategori"),
    "keywords": ("keywords", "kata kunci", "tags", "tag", "keyword"),
    "language": ("language", "bahasa", "lang"),
    "status": ("status",),
    "valid_from": ("valid_from", "valid from", "berlaku mulai", "berlaku dari", "mulai"),
    "valid_until": ("valid_until", "valid until", "berlaku sampai", "berlaku hingga", "sampai"),
    "external_id": ("external_id", "external id", "id eksternal", "code", "kode"),
}
# Never read: rows are found by what they say, and the studio is the one that is chosen.
IGNORED = frozenset({"id", "pk", "uuid", "tenant", "tenant_id", "studio", "studio_id"})
_Builtin, _Status = KnowledgeCategory.Builtin, KnowledgeEntry.Status
VALUES: dict[str, dict[str, str]] = {
    "category": {
        "jadwal": _Builtin.SCHEDULES,
        "schedule": _Builtin.SCHEDULES,
        "kelas": _Builtin.CLASSES,
        "class": _Builtin.CLASSES,
        "pembelian & pendaftaran": _Builtin.PURCHASES,
        "purchases and registrations": _Builtin.PURCHASES,
        "pendaftaran": _Builtin.PURCHASES,
        "harga & aturan": _Builtin.PRICING,
        "harga & kebijakan": _Builtin.PRICING,
        "pricing and policies": _Builtin.PRICING,
        "harga": _Builtin.PRICING,
        "pricing": _Builtin.PRICING,
        "lokasi & fasilitas": _Builtin.LOCATION,
        "location and facilities": _Builtin.LOCATION,
        "lokasi": _Builtin.LOCATION,
        "location": _Builtin.LOCATION,
    },
    "status": {
        "aktif": _Status.ACTIVE,
        "draf": _Status.DRAFT,
        "diarsipkan": _Status.ARCHIVED,
        "arsip": _Status.ARCHIVED,
    },
    "language": {
        "indonesia": Language.INDONESIAN,
        "bahasa indonesia": Language.INDONESIAN,
        "indonesian": Language.INDONESIAN,
        "english": Language.ENGLISH,
        "inggris": Language.ENGLISH,
        "bahasa inggris": Language.ENGLISH,
    },
}
_DAY_FIRST = re.compile(r"(\d{1,2})[/.-](\d{1,2})[/.-](\d{4})")


def mapped(columns: list[str]) -> dict[str, int]:
    """Which column most likely holds which field; each column once."""
    plain = [" ".join(name.casefold().replace("*", " ").split()) for name in columns]
    found: dict[str, int] = {}
    for field, names in COLUMNS.items():
        places = [plain.index(name) for name in names if name in plain]
        if free := [place for place in places if place not in found.values()]:
            found[field] = free[0]
    return found


def meant(field: str, text: str) -> str:
    """The value as entries hold it; what is not known stays as it is, and the check tells it."""
    text = text.strip()
    plain = " ".join(text.casefold().split())
    if field in ("valid_from", "valid_until"):
        return _day(text)
    if field in ("status", "language"):
        return VALUES[field].get(plain, plain)
    return VALUES.get(field, {}).get(plain, text)


def _day(text: str) -> str:
    """31/12/2026 as 2026-12-31: the day stands first in both of our languages' countries."""
    found = _DAY_FIRST.fullmatch(text)
    if found is None:
        return text
    day, month, year = map(int, found.groups())
    try:
        return dt.date(year, month, day).isoformat()
    except ValueError:
        return text
