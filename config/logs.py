"""How MILA logs: one line an event on stderr, with phone numbers and keys masked."""

import logging
import re
from typing import Any

_PHONE = re.compile(r"(?<![\w.])\+?(\d{2})\d{4,9}(\d{4})(?=@|\b)")
_SECRET = re.compile(r"\b(sk-|mila_|Bearer\s+)[\w.~+/=-]{4,}")
_DSN = re.compile(r"(\w+://[^:/\s]+:)[^@\s]+@")
_PAIRING = re.compile(r"(linked_devices#)\S+")


def masked(text: str) -> str:
    """`text` without full phone numbers, keys, bearer tokens, database passwords and pairing codes."""
    text = _SECRET.sub(r"\1…", text)
    text = _DSN.sub(r"\1…@", text)
    text = _PAIRING.sub(r"\1…", text)
    return _PHONE.sub(r"\1…\2", text)


class MaskingFormatter(logging.Formatter):
    """Masks the finished line, so that arguments and tracebacks are covered too."""

    def format(self, record: logging.LogRecord) -> str:
        return masked(super().format(record))


def logging_config(level: str) -> dict[str, Any]:
    """Django's LOGGING for a level such as INFO. WhatsApp's own loggers stay at WARNING: they print contents."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "line": {
                "()": "config.logs.MaskingFormatter",
                "format": "{asctime} {levelname} {name} {message}",
                "style": "{",
            }
        },
        "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
        "root": {"handlers": ["console"], "level": level},
        "loggers": {
            "django": {"handlers": [], "level": level, "propagate": True},
            "httpx": {"level": "WARNING"},
            "httpx2": {"level": "WARNING"},
            "neonize": {"level": "WARNING"},
            "whatsmeow": {"level": "WARNING"},
            "Whatsmeow": {"level": "WARNING"},
        },
    }
