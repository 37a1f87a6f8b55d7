"""What stands in the log of a page that nobody may open, and of one that fails."""

import io
import logging
import logging.config
from collections.abc import Iterator

import pytest
from django.conf import settings
from django.core.exceptions import PermissionDenied

from config.logs import logging_config


@pytest.fixture
def said() -> Iterator[io.StringIO]:
    """What the house's own handler writes, without touching the handlers of the tests."""
    configured = logging_config("INFO")
    built = logging.config.DictConfigurator(configured)
    for name in ("formatters", "filters"):
        for key, one in configured[name].items():
            configured[name][key] = getattr(built, f"configure_{name[:-1]}")(one)
    handler = built.configure_handler(configured["handlers"]["console"])
    assert isinstance(handler, logging.StreamHandler)
    handler.setStream(written := io.StringIO())
    logger = logging.getLogger("tests.refusals")
    logger.addHandler(handler)
    yield written
    logger.removeHandler(handler)


def fail(error: Exception) -> None:
    try:
        raise error
    except type(error):
        logging.getLogger("tests.refusals").warning("Forbidden: %s", "/admin/team/", exc_info=True)


def test_a_refused_page_is_one_line(said: io.StringIO) -> None:
    fail(PermissionDenied())
    assert said.getvalue().count("\n") == 1
    assert "Forbidden: /admin/team/" in said.getvalue()


def test_a_fault_keeps_its_traceback(said: io.StringIO) -> None:
    fail(ValueError("broken"))
    assert "Traceback" in said.getvalue()


def test_the_house_logs_this_way() -> None:
    assert settings.LOGGING["handlers"]["console"]["filters"] == ["one_line_refusals"]
