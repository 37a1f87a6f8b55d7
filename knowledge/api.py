"""/api/knowledge: what the assistant may say, for programs."""

import datetime as dt
import uuid
from typing import Any, ClassVar

from django.conf import settings
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from ninja import File, Query, Router, Schema, Status
from ninja.errors import HttpError
from ninja.files import UploadedFile
from pydantic import Field

from knowledge import attachments, review
from knowledge.entries import save_entry
from knowledge.models import KnowledgeEntry
from knowledge.views import handed_out
from tenants.answers import ERRORS, Input, Named, Problem
from tenants.callers import Caller, as_uuid, caller

router = Router(tags=["knowledge"])
READ, WRITE = "knowledge", "knowledge.change"


class FileOut(Schema):
    name: str
    content_type: str
    size: int


class EntryOut(Schema):
    """With `needs_review` customers are not told of the entry until a person approves it in the admin."""

    id: uuid.UUID
    external_id: str | None
    title: str
    category: str
    content: str
    keywords: str
    language: str
    status: str
    valid_from: dt.date | None
    valid_until: dt.date | None
    vector_id: uuid.UUID | None
    index_state: str
    index_error: str
    needs_review: bool
    review_reasons: list[str]
    approved_at: dt.datetime | None
    file: FileOut | None
    created_at: dt.datetime
    updated_at: dt.datetime

    @staticmethod
    def resolve_review_reasons(entry: KnowledgeEntry) -> list[str]:
        return review.reasons(entry) if entry.needs_review else []


class EntryList(Schema):
    items: list[EntryOut]
    count: int


class EntryIn(Input):
    """`keywords` is a list, or one text separated by commas. A field that is not sent stays as it is."""

    read_only: ClassVar[tuple[str, ...]] = (
        "vector_id",
        "index_state",
        "index_error",
        "needs_review",
        "review_reasons",
        "approved_at",
        "file",
        "created_at",
        "updated_at",
    )
    id: str | None = None
    external_id: str | None = None
    title: str | None = None
    category: str | None = None
    content: str | None = None
    keywords: str | list[str] | None = None
    language: str | None = None
    status: str | None = None
    valid_from: dt.date | None = None
    valid_until: dt.date | None = None


class Filters(Schema):
    tenant: str = ""
    category: str = ""
    status: str = ""
    needs_review: bool | None = None
    q: str = Field("", description="words that stand in title, text or keywords")
    limit: int = Field(100, ge=1, le=500)
    offset: int = Field(0, ge=0, le=1_000_000)


@router.get("", response={200: EntryList, ERRORS: Problem}, summary="List knowledge entries")
def list_entries(request: HttpRequest, wanted: Query[Filters]) -> dict[str, Any]:
    studio = caller(request).studio(wanted.tenant, READ)
    rows = KnowledgeEntry.objects.filter(tenant=studio).select_related("attachment")
    if wanted.category:
        rows = rows.filter(category=plain(wanted.category))
    if wanted.status:
        rows = rows.filter(status=plain(wanted.status))
    if wanted.needs_review is not None:
        rows = rows.filter(needs_review=wanted.needs_review)
    for word in plain(wanted.q).split()[:10]:
        rows = rows.filter(
            Q(title__icontains=word) | Q(content__icontains=word) | Q(keywords__icontains=word)
        )
    page = rows.order_by("category", "title", "pk")[wanted.offset : wanted.offset + wanted.limit]
    return {"items": list(page), "count": rows.count()}


@router.get("/{id}", response={200: EntryOut, ERRORS: Problem}, summary="One knowledge entry")
def get_entry(request: HttpRequest, id: str, tenant: str = "") -> KnowledgeEntry:
    return _entry(caller(request), id, tenant, READ)


@router.post("", response={201: EntryOut, ERRORS: Problem}, summary="Create a knowledge entry")
def create_entry(request: HttpRequest, body: EntryIn, tenant: str = "") -> Status[KnowledgeEntry]:
    studio = caller(request).studio(tenant, WRITE)
    return Status(201, save_entry(studio, body.given()))


@router.put(
    "", response={200: EntryOut, ERRORS: Problem}, summary="Change an entry (id in body or query)"
)
def update_named_entry(
    request: HttpRequest, body: EntryIn, id: str = "", tenant: str = ""
) -> KnowledgeEntry:
    return _update(caller(request), id or body.id or "", tenant, body)


@router.put("/{id}", response={200: EntryOut, ERRORS: Problem}, summary="Change a knowledge entry")
def update_entry(request: HttpRequest, id: str, body: EntryIn, tenant: str = "") -> KnowledgeEntry:
    return _update(caller(request), id, tenant, body)


@router.delete(
    "", response={204: None, ERRORS: Problem}, summary="Delete an entry (id in body or query)"
)
def delete_named_entry(
    request: HttpRequest, body: Named | None = None, id: str = "", tenant: str = ""
) -> Status[None]:
    named = id or (body.id if body else None) or ""
    return _delete(caller(request), named, tenant)


@router.delete("/{id}", response={204: None, ERRORS: Problem}, summary="Delete a knowledge entry")
def delete_entry(request: HttpRequest, id: str, tenant: str = "") -> Status[None]:
    return _delete(caller(request), id, tenant)


@router.post(
    "/{id}/file",
    response={200: EntryOut, ERRORS: Problem},
    summary="Attach a picture or PDF, in place of an older one (multipart, field “file”)",
)
def attach_file(
    request: HttpRequest, id: str, file: File[UploadedFile | None] = None, tenant: str = ""
) -> KnowledgeEntry:
    entry = _entry(caller(request), id, tenant, WRITE)
    if file is None:
        raise HttpError(422, _("Send the file in the field “file” of a form (multipart)."))
    data = file.read(settings.ATTACHMENT_MAX_MB * 2**20 + 1)
    attachments.attach(entry, data, file.name or "")
    return entry


@router.get("/{id}/file", response={ERRORS: Problem}, summary="The entry's picture or PDF")
def get_file(request: HttpRequest, id: str, tenant: str = "") -> HttpResponse:
    entry = _entry(caller(request), id, tenant, READ)
    if entry.file is None:
        raise Http404(_("This entry has no file."))
    return handed_out(entry.file)


@router.delete("/{id}/file", response={204: None, ERRORS: Problem}, summary="Remove the file")
def remove_file(request: HttpRequest, id: str, tenant: str = "") -> Status[None]:
    if not attachments.remove(_entry(caller(request), id, tenant, WRITE)):
        raise Http404(_("This entry has no file."))
    return Status(204, None)


def _entry(who: Caller, id: str, tenant: str, right: str) -> KnowledgeEntry:
    """The entry, if it belongs to a studio of the caller's: any other does not exist for them."""
    if not id:
        raise HttpError(
            422, _("Say which entry is meant: id in the address, the query or the body.")
        )
    pk = as_uuid(id)
    rows = who.rows(KnowledgeEntry.objects.select_related("tenant", "attachment"), tenant)
    entry = rows.filter(pk=pk).first() if pk else None
    if entry is None:
        raise Http404(_("There is no such entry."))
    who.require(entry.tenant, right)
    return entry


def _update(who: Caller, id: str, tenant: str, body: EntryIn) -> KnowledgeEntry:
    entry = _entry(who, id, tenant, WRITE)
    if body.id and as_uuid(body.id) != entry.pk:
        raise HttpError(422, _("The id in the body is not the id in the address."))
    return save_entry(entry.tenant, body.given(), entry)


def _delete(who: Caller, id: str, tenant: str) -> Status[None]:
    _entry(who, id, tenant, WRITE).delete()
    return Status(204, None)


def plain(text: str) -> str:
    """A search without NUL, which PostgreSQL refuses."""
    return text.replace("\x00", "")
