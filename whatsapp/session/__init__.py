"""The door to WhatsApp: a small session with one implementation, neonize. Nothing else imports neonize.

Its library is loaded only when a session starts or an event is read: web, tests and commands do without.
"""

from pathlib import Path

from django.conf import settings
from django.utils.module_loading import import_string

from whatsapp.session.library import parse
from whatsapp.session.real import NeonizeSession
from whatsapp.session.words import Change, File, OnChange, OnRaw, Quote, SendError, WhatsAppSession

__all__ = [
    "Change",
    "File",
    "NeonizeSession",
    "OnChange",
    "OnRaw",
    "Quote",
    "SendError",
    "WhatsAppSession",
    "open_session",
    "parse",
]


def open_session(path: Path) -> WhatsAppSession:
    """A session of the kind that the settings name, not yet started."""
    session: WhatsAppSession = import_string(settings.WHATSAPP_SESSION)(path)
    return session
