"""The only door to the Anthropic SDK: one call in, our own small dataclasses out, one error for whatever goes wrong.

Works with a key, or with any server that speaks the Messages API at ANTHROPIC_BASE_URL. Keys and texts are never logged.
"""

import json
import logging
import time
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any, Protocol

from django.conf import settings

from agent import breaker
from agent.budgets import Budget, budgets_of, reserved
from agent.completions import Completion, ToolCall, completion_of
from agent.pricing import ModelCard, card
from agent.seeing import without_pictures
from agent.troubles import GARBAGE, TOO_SLOW, UNREACHABLE, ModelError, told
from tenants.libraries import load
from tenants.models import Tenant

if TYPE_CHECKING:
    import anthropic

__all__ = ["Claude", "Completion", "Model", "ModelError", "ToolCall", "model_for", "warm_up"]

ANTHROPIC = "https://api.anthropic.com"
# A server of one's own asks for no key, but the SDK sends none without something to send.
NO_KEY = "no-key-needed"
PAUSES = (0.5, 2.0)  # seconds before the second and the third try
LEAST = 1.0  # seconds in which an answer may still come
# The first try leaves time for a second one: a connection may be dead although nobody told us.
FIRST_TRY = 0.6
# Being late within less than this share of a turn's time says nothing about the server.
FAIR = 0.2
pause = time.sleep  # tests put a stopwatch here


logger = logging.getLogger(__name__)


class Model(Protocol):
    """What the loop talks to."""

    @property
    def name(self) -> str: ...

    @property
    def card(self) -> ModelCard: ...

    def complete(
        self,
        *,
        system: Sequence[Mapping[str, Any]],
        messages: Sequence[Mapping[str, Any]],
        tools: Sequence[Mapping[str, Any]],
        deadline: float,
    ) -> Completion: ...


@dataclass(frozen=True)
class Claude:
    """A model at Anthropic or at ANTHROPIC_BASE_URL, with one studio's key, money and fallback."""

    name: str
    key: str = field(repr=False)
    base_url: str = ANTHROPIC
    fallback: str = ""
    budgets: tuple[Budget, ...] = field(default=(), repr=False)

    @property
    def card(self) -> ModelCard:
        return card(self.name)

    def complete(
        self,
        *,
        system: Sequence[Mapping[str, Any]],
        messages: Sequence[Mapping[str, Any]],
        tools: Sequence[Mapping[str, Any]],
        deadline: float,
    ) -> Completion:
        """The answer of the model; of the fallback when the model is gone. `deadline` is on time.monotonic()."""
        asked = {"system": system, "messages": messages, "tools": tools}
        try:
            return self._patiently(self.name, asked, deadline)
        except ModelError as error:
            if error.about != "model" or not self.fallback or self.fallback == self.name:
                raise
        return self._patiently(self.fallback, asked, deadline)

    def _patiently(self, model: str, asked: Mapping[str, Any], deadline: float) -> Completion:
        """One call, tried again while that can help and the deadline allows."""
        for number, wait in enumerate((*PAUSES, None)):
            left = deadline - time.monotonic()
            until = deadline - left * (1 - FIRST_TRY) if number == 0 else deadline
            try:
                return self._through_circuits(model, asked, until)
            except ModelError as error:
                wait = None if wait is None else max(wait, error.wait or 0.0)
                late = wait is None or time.monotonic() + wait + LEAST > deadline
                if error.permanent or late:
                    raise
            pause(wait or 0.0)
        raise AssertionError("the last try returns or raises")

    def _through_circuits(self, model: str, asked: Mapping[str, Any], until: float) -> Completion:
        """While the server or the model is known to fail, nobody waits for it."""
        began = time.monotonic()
        server = breaker.circuit(self.base_url, self.key)
        its_model = breaker.circuit(self.base_url, self.key, model)
        for circuit in (its_model, server):  # a gone model must not take the server's one try
            circuit.enter(patience=max(0.0, until - began) + LEAST)
        try:
            completion = self._plainer_if_refused(model, asked, until)
        except ModelError as error:
            unfair = until - began < FAIR * settings.AGENT_TURN_DEADLINE
            if error.about == "server" and not (error.sentence == TOO_SLOW and unfair):
                server.failed(error)
            elif error.about in ("model", "request", "field", "length"):
                server.worked()  # it answered; something else is wrong
            if error.about == "model":
                its_model.failed(error, at_least=breaker.GONE if self.fallback else 0.0)
            raise
        server.worked()
        its_model.worked()
        return completion

    def _plainer_if_refused(self, model: str, asked: Mapping[str, Any], until: float) -> Completion:
        """A server that does not know a word of ours is asked once more without all of them, and so for an hour."""
        known = self.base_url, model
        if _plain.get(known, -PLAIN_FOR) + PLAIN_FOR <= time.monotonic():
            try:
                completion = self._paid(model, _full(model, asked), until)
            except ModelError as error:
                if error.about != "field":
                    raise
            else:
                _plain.pop(known, None)
                return completion
        completion = self._paid(model, _plainest(model, asked), until)
        if known not in _plain:
            logger.warning(
                "The model %s at %s does not know caching, thinking or strict tools; it is asked without them.",
                model,
                self.base_url,
            )
        _plain[known] = time.monotonic()
        return completion

    def _paid(self, model: str, request: Mapping[str, Any], until: float) -> Completion:
        if not self.budgets:
            return self._call(request, until)
        words = {**request, "messages": without_pictures(request["messages"])}
        size = len(json.dumps(words, ensure_ascii=False, default=str))
        with reserved(self.budgets, card(model).most(size), until) as reservation:
            completion = self._call(request, until)
            reservation.cost = card(model).cost(completion.usage)
        return completion

    def _call(self, request: Mapping[str, Any], until: float) -> Completion:
        left = until - time.monotonic()
        if left <= 0:
            raise ModelError(TOO_SLOW, permanent=False)
        with _our_errors():
            body = _body(_client_with(self.base_url, self.key), request, until, left)
        return completion_of(body, str(request["model"]))


PLAIN_FOR = 3600.0  # seconds; one refusal may have been a passing fault of the server
_plain: dict[
    tuple[str, str], float
] = {}  # servers and models that know only the oldest words, since when


def _full(model: str, asked: Mapping[str, Any]) -> dict[str, Any]:
    row = card(model)
    request = {"model": model, "max_tokens": row.max_tokens, **row.parameters}
    request |= {"system": asked["system"], "messages": asked["messages"]}
    if asked["tools"]:
        strict = {"strict": True} if row.strict_tools else {}
        request["tools"] = [{**tool, **strict} for tool in asked["tools"]]
    return request


def _plainest(model: str, asked: Mapping[str, Any]) -> dict[str, Any]:
    """Without caching, thinking, sampling and strict tools: what every server understands."""
    system = "\n\n".join(block["text"] for block in asked["system"])
    request = {"model": model, "max_tokens": card(model).max_tokens, "system": system}
    request["messages"] = asked["messages"]
    return request | ({"tools": list(asked["tools"])} if asked["tools"] else {})


def model_for(tenant: Tenant, customer: uuid.UUID | None = None) -> Claude | None:
    """The studio's model, within its budgets; None when neither a key nor a server is configured."""
    key = tenant.anthropic_api_key or settings.ANTHROPIC_API_KEY
    if not key and not settings.ANTHROPIC_BASE_URL:
        return None
    warm_up()  # here, where no deadline runs yet
    names = settings.AGENT_MODEL, settings.AGENT_FALLBACK_MODEL
    return Claude(names[0], key or NO_KEY, _base_url(), names[1], budgets_of(tenant, customer))


def warm_up() -> None:
    """Load the SDK, which takes about a second the first time."""
    _client(_base_url())


def _base_url() -> str:
    """The server's address as the SDK wants it: without /v1."""
    return settings.ANTHROPIC_BASE_URL.rstrip("/").removesuffix("/v1") or ANTHROPIC


@cache
def _client(base_url: str) -> "anthropic.Anthropic":
    """One client a process: each costs 30 ms and its own connections. Our deadline and retries replace the SDK's."""
    load("anthropic")
    import anthropic
    import httpx2

    from agent.wire import clocked

    limits = httpx2.Limits(
        max_connections=settings.AGENT_THREADS + 8,
        max_keepalive_connections=settings.AGENT_THREADS + 8,
        keepalive_expiry=120,  # the SDK's 5 s would mean a new TLS connection for nearly every message
    )
    # A redirect would carry the key and the chat to an address that nobody configured.
    client = anthropic.DefaultHttpxClient(base_url=base_url, limits=limits, follow_redirects=False)
    return anthropic.Anthropic(
        api_key=NO_KEY,
        base_url=base_url,
        max_retries=0,
        open_telemetry=False,  # nobody listens, and looking for listeners takes a tenth of a call
        http_client=clocked(client),
    )


@lru_cache(maxsize=100)
def _client_with(base_url: str, key: str) -> "anthropic.Anthropic":
    return _client(base_url).with_options(api_key=key)


def _body(
    client: "anthropic.Anthropic", request: Mapping[str, Any], until: float, left: float
) -> bytes:
    from agent import wire

    calls = client.messages.with_streaming_response
    with wire.ends_at(until), calls.create(**request, timeout=left) as response:
        return wire.whole(response.iter_bytes())


@contextmanager
def _our_errors() -> Iterator[None]:
    """Whatever the SDK and the connection raise, as one error. What was cut off may have been billed."""
    import anthropic
    import httpx2

    from agent.wire import TooMuchError

    try:
        yield
    except (anthropic.APITimeoutError, httpx2.TimeoutException) as error:
        raise ModelError(TOO_SLOW, permanent=False, uncertain=True) from error
    except anthropic.APIStatusError as error:
        header = error.response.headers.get("retry-after")
        kind, text = str(error.type or ""), str(error.message)
        raise told(error.status_code, kind, text, header) from error
    except TooMuchError as error:
        raise ModelError(GARBAGE, permanent=False, uncertain=True) from error
    except (anthropic.AnthropicError, httpx2.HTTPError, OSError, TypeError, ValueError) as error:
        cut = not isinstance(error.__cause__ or error, httpx2.ConnectError)
        raise ModelError(UNREACHABLE, permanent=False, uncertain=cut) from error
