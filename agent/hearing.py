"""Voice notes become text at a server that speaks OpenAI's transcription API, when one is configured."""

import logging
import time
from dataclasses import dataclass, field

from django.conf import settings

from conversations.people import clean_text
from tenants.models import Tenant
from tenants.openai_api import OpenAIError, asking, client, key_for

logger = logging.getLogger(__name__)

PATIENCE = 12.0  # seconds for all voice notes of a turn together; a customer waits
LONGEST = 180  # seconds of speech
MOST = 4000  # characters that are kept
PAUSE = 30.0  # seconds without another try after a failure
_ENDINGS = {"audio/ogg": "ogg", "audio/mpeg": "mp3", "audio/mp4": "m4a", "audio/wav": "wav"}


@dataclass(frozen=True)
class Listener:
    """A model that writes down speech, with one key."""

    model: str
    key: str = field(repr=False)
    base_url: str = ""

    def hear(self, sound: bytes, content_type: str, patience: float = PATIENCE) -> str:
        """What is said, as far as it is told within so many seconds. Raises OpenAIError."""
        if content_type not in _ENDINGS:
            raise OpenAIError("This kind of sound cannot be written down.", permanent=True)
        named = (f"voice.{_ENDINGS[content_type]}", sound, content_type)
        address = "TRANSCRIPTION_BASE_URL" if settings.TRANSCRIPTION_BASE_URL else "OPENAI_BASE_URL"
        with asking("transcription server", address, "TRANSCRIPTION_MODEL"):
            asked = client(self.base_url, self.key, patience, 0)
            answer = asked.audio.transcriptions.create(
                model=self.model, file=named, response_format="json"
            )
            said = str(answer.text)
        return clean_text(said).strip()[:MOST]


def can_hear(content_type: str) -> bool:
    """Whether the servers know this kind of sound."""
    return content_type in _ENDINGS


def listener_for(tenant: Tenant) -> Listener | None:
    """Who writes down this studio's voice notes; None when nobody is configured, or failed a moment ago."""
    if not settings.TRANSCRIPTION_MODEL:
        return None
    base_url = settings.TRANSCRIPTION_BASE_URL or settings.OPENAI_BASE_URL
    key = settings.TRANSCRIPTION_API_KEY or key_for(tenant, base_url)
    if not key or _resting.get((base_url, key), 0.0) > time.monotonic():
        return None
    return Listener(settings.TRANSCRIPTION_MODEL, key, base_url)


_resting: dict[tuple[str, str], float] = {}


def heard(
    listener: Listener, sound: bytes, content_type: str, patience: float = PATIENCE
) -> str | None:
    """What is said, if anything; None when that could not be told. A server that fails is left alone a while."""
    try:
        return listener.hear(sound, content_type, patience)
    except OpenAIError as error:
        logger.warning("A voice note was not written down: %s", error)
        _resting[(listener.base_url, listener.key)] = time.monotonic() + PAUSE
        return None
