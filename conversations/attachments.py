"""Files that leave: pictures and PDFs that staff send from the thread, and those that follow an answer."""

import datetime as dt
import logging
from dataclasses import dataclass

from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from conversations import media, outbox
from conversations.models import Conversation, Message

logger = logging.getLogger(__name__)

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


@dataclass(frozen=True)
class Enclosure:
    """A file of the studio's own that follows an answer; `key` names it, a new file has a new one."""

    key: str
    path: str  # below MEDIA_ROOT
    content_type: str
    size: int
    name: str


def enclose(answer: Message, file: Enclosure) -> Message | None:
    """Put the file behind the answer, inside the caller's transaction. None when this chat has it already, or the
    file is gone: the answer leaves in any case."""
    conversation = answer.conversation
    key = f"file:{conversation.pk}:{file.key}"
    if Message.objects.filter(tenant_id=answer.tenant_id, idempotency_key=key).exists():
        return None
    try:
        with transaction.atomic():
            message = outbox.insert(
                conversation,
                "",
                author=answer.author,
                kind=_KINDS[file.content_type],
                key=key,
                at=answer.created_at,
                expires_at=answer.expires_at,
                details={"file_name": file.name, "answers": []},
            )
            media.link(message, file.path, file.content_type, file.size)
    except (IntegrityError, OSError) as error:
        logger.warning("The file of an entry did not follow an answer: %s", type(error).__name__)
        return None
    return message
