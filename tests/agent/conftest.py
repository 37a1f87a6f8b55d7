"""A loopback model for the real SDK, and a scripted one where the wire does not matter."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack

import pytest
from django.conf import LazySettings
from django.contrib.auth.models import User
from django.test import Client

from agent import breaker
from tests.model_server import ModelServer, Reply

Serve = Callable[..., ModelServer]


@pytest.fixture(autouse=True)
def closed_circuits() -> None:
    """What one test has learned of a server is not known to the next."""
    breaker.forget()


@pytest.fixture
def owner(client: Client, sari: User) -> Client:
    client.force_login(sari)
    return client


@pytest.fixture
def serve(settings: LazySettings) -> Iterator[Serve]:
    """Starts a model server with a script and points the assistant at it."""
    with ExitStack() as stack:

        def start(script: Iterable[Reply] = (), **options: object) -> ModelServer:
            server = stack.enter_context(ModelServer(script, **options))  # type: ignore[arg-type]
            settings.ANTHROPIC_BASE_URL = server.url
            return server

        yield start
