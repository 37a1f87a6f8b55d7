"""Files that leave: pictures and PDFs that staff send from the thread."""

import datetime as dt

from django.contrib.auth.models import User
from django.db import transaction
from django.utils.translation import gettext as _

from conversations import media, outbox
from conversations.models import Conversation, Message

_KINDS = {
    "image/jpeg": Message.Kind.IMAGE,
    "image/png": Message.Kind.IMAGE,
    "application/pdf": Message.Kind.DOCUMENT,
}


class AttachmentError(ValueError):
    """A file that cannot be sent; the text tells staff why and what can."""


def queue_file(
    conversation: Conversation,
    data: bytes,
    name: str,
    *,
    caption: str,
    key: str,
    at: dt.datetime,
    written_by: User | None = None,
) -> Message:
    """Put a file of staff into the outbox, with its caption; the same `key` twice is one message. AttachmentError else."""
    content_type = media.kind_of(data)
    if content_type not in _KINDS:
        raise AttachmentError(_("Only JPEG and PNG pictures and PDF files can be sent."))
    if len(data) > media.LARGEST:
        raise AttachmentError(_("The file is larger than 16 MB. Send a smaller one."))
    with transaction.atomic():
        message = outbox.queue(
            conversation,
            caption,
            author=Message.Author.STAFF,
            kind=_KINDS[content_type],
            key=key,
            at=at,
            written_by=written_by,
            details={"file_name": name[-100:]},
        )
        if media.of(message) is None and not media.keep(message, data, content_type):
            raise AttachmentError(_("The room for files of this studio is used up."))
    return message
