"""How MILA logs: one line an event on stderr, with phone numbers and keys masked."""

import logging
from typing import Any

from django.core.exceptions import PermissionDenied

from tenants.masking import masked

LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")


class OneLineRefusals(logging.Filter):
    """A page that somebody may not open is no fault: one line tells it, without a traceback."""

    def filter(self, record: logging.LogRecord) -> bool:
        if record.exc_info and isinstance(record.exc_info[1], PermissionDenied):
            record.exc_info = record.exc_text = None
        return True


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
        "filters": {"one_line_refusals": {"()": "config.logs.OneLineRefusals"}},
        "handlers": {
            "console": {
                "class": "logging.StreamHandler",
                "formatter": "line",
                "filters": ["one_line_refusals"],
            }
        },
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
