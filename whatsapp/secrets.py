"""The secret of each message that leaves. WhatsApp's library keeps it with the id that it makes, before anything is
sent: so a send that was cut off can be told from one that was never tried.

It follows from what the database holds: a host with another SECRET_KEY finds it, too, and so does this one after its
key was changed.
"""

import hmac
import secrets
from functools import cache

from django.conf import settings
from django.utils.crypto import salted_hmac

from conversations.models import Message
from whatsapp.models import Installation

ONLY = 1  # the key of the one row


def secret_of(message: Message) -> bytes:
    """32 bytes that only this row has."""
    return hmac.digest(_key(), message.public_id.bytes, "sha256")


def secrets_of(message: Message) -> list[bytes]:
    """All that it may have been sent with: the secrets of earlier versions followed from SECRET_KEY."""
    keys = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    return [secret_of(message), *(_by_secret_key(message, key) for key in keys)]


def _by_secret_key(message: Message, key: str | bytes) -> bytes:
    name = str(message.public_id)
    return salted_hmac("whatsapp.sender", name, secret=key, algorithm="sha256").digest()


@cache
def _key() -> bytes:
    new = {"send_key": secrets.token_hex(32)}
    row, _made = Installation.objects.get_or_create(pk=ONLY, defaults=new)
    return bytes.fromhex(row.send_key)
