"""The only door to the Anthropic SDK: one call in, our own small dataclasses out, one error for whatever goes wrong.

Works with a key, or with any server that speaks the Messages API at ANTHROPIC_BASE_URL. Keys and texts are never logged.
"""

import json
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any, Protocol

from django.conf import settings
from django.utils.translation import gettext_noop

from agent.pricing import ModelCard, Usage, card
from tenants.models import Tenant

if TYPE_CHECKING:
    import anthropic

ANTHROPIC = "https://api.anthropic.com"
# A server of one's own asks for no key, but the SDK sends none without something to send.
NO_KEY = "no-key-needed"
RETRY_PAUSE = 0.5
pause = time.sleep  # tests put a stopwatch here


class ModelError(Exception):
    """A model call that failed. `sentence` is for staff, in English; show it through gettext()."""

    def __init__(self, sentence: str, *, permanent: bool, wait: float | None = None) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.permanent = permanent  # trying again by itself does not help
        self.wait = wait  # seconds that the server asks for


WRONG_KEY = gettext_noop("The Anthropic key is not accepted. Enter a valid key.")
NOT_ALLOWED = gettext_noop("The Anthropic key may not use this model. Check the key's rights.")
NO_CREDIT = gettext_noop("The AI account has no credit. Top it up at Anthropic.")
NO_MODEL = gettext_noop(
    "The model does not exist or was retired. Set AGENT_MODEL to a current model."
)
REFUSED = gettext_noop("The model's server refused the request.")
LIMITED = gettext_noop("The AI account's rate limit is reached. MILA tries again by itself.")
OVERLOADED = gettext_noop("The model's server is overloaded. MILA tries again by itself.")
BROKEN = gettext_noop("The model's server has an error. MILA tries again by itself.")
TOO_SLOW = gettext_noop("The model did not answer in time. MILA tries again by itself.")
UNREACHABLE = gettext_noop("The model's server cannot be reached. Check the network.")
GARBAGE = gettext_noop("The model's server sent something that is no answer.")


@dataclass(frozen=True)
class ToolCall:
    id: str
    name: str
    arguments: Mapping[str, Any]


@dataclass(frozen=True)
class Completion:
    """One answer of the model. `content` is what goes back unchanged when the talk continues."""

    text: str
    tool_calls: Sequence[ToolCall]
    stop_reason: str
    usage: Usage
    content: Sequence[Mapping[str, Any]] = field(default_factory=list)


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
    """A model at Anthropic or at ANTHROPIC_BASE_URL, with one studio's key."""

    name: str
    key: str = field(repr=False)
    base_url: str = ANTHROPIC

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
        """One call, tried a second time when that can help. `deadline` is on time.monotonic()."""
        request: dict[str, Any] = {
            "model": self.name,
            "max_tokens": self.card.max_tokens,
            "system": system,
            "messages": messages,
            **self.card.parameters,
        }
        if tools:
            request["tools"] = tools
        try:
            return self._call(request, deadline)
        except ModelError as error:
            wait = RETRY_PAUSE if error.wait is None else error.wait
            if error.permanent or time.monotonic() + wait + 1 > deadline:
                raise
        pause(wait)
        return self._call(request, deadline)

    def _call(self, request: Mapping[str, Any], deadline: float) -> Completion:
        import anthropic
        import httpx2

        left = deadline - time.monotonic()
        if left <= 0:
            raise ModelError(TOO_SLOW, permanent=False)
        calls = _client_with(self.base_url, self.key).messages.with_streaming_response
        try:
            with calls.create(**request, timeout=left) as response:
                body = b"".join(_until(response.iter_bytes(), deadline))
        except (anthropic.APITimeoutError, httpx2.TimeoutException) as error:
            raise ModelError(TOO_SLOW, permanent=False) from error
        except anthropic.APIStatusError as error:
            raise _told(error) from error
        except (anthropic.AnthropicError, httpx2.HTTPError, OSError, TypeError) as error:
            raise ModelError(UNREACHABLE, permanent=False) from error
        return _completion(body)


def model_for(tenant: Tenant) -> Claude | None:
    """The studio's model; None when neither a key nor a server is configured."""
    key = tenant.anthropic_api_key or settings.ANTHROPIC_API_KEY
    if not key and not settings.ANTHROPIC_BASE_URL:
        return None
    warm_up()  # here, where no deadline runs yet
    return Claude(settings.AGENT_MODEL, key or NO_KEY, _base_url())


def warm_up() -> None:
    """Load the SDK, which takes about a second the first time."""
    _client(_base_url())


def _base_url() -> str:
    """The server's address as the SDK wants it: without /v1."""
    return settings.ANTHROPIC_BASE_URL.rstrip("/").removesuffix("/v1") or ANTHROPIC


@cache
def _client(base_url: str) -> "anthropic.Anthropic":
    """One client a process: each costs 30 ms and its own connections. Our deadline and retries replace the SDK's."""
    import anthropic
    import httpx2

    limits = httpx2.Limits(
        max_connections=settings.AGENT_THREADS + 8,
        max_keepalive_connections=settings.AGENT_THREADS + 8,
        keepalive_expiry=120,  # the SDK's 5 s would mean a new TLS connection for nearly every message
    )
    return anthropic.Anthropic(
        api_key=NO_KEY,
        base_url=base_url,
        max_retries=0,
        open_telemetry=False,  # nobody listens, and looking for listeners takes a tenth of a call
        http_client=anthropic.DefaultHttpxClient(base_url=base_url, limits=limits),
    )


@lru_cache(maxsize=100)
def _client_with(base_url: str, key: str) -> "anthropic.Anthropic":
    return _client(base_url).with_options(api_key=key)


def _until(chunks: Iterable[bytes], deadline: float) -> Iterable[bytes]:
    """A timeout of the transport counts from byte to byte; a dripping server must not outlive the deadline."""
    for chunk in chunks:
        if time.monotonic() > deadline:
            raise ModelError(TOO_SLOW, permanent=False)
        yield chunk


def _told(error: "anthropic.APIStatusError") -> ModelError:
    """The SDK's error as a sentence for staff."""
    status, text = error.status_code, str(error.message).lower()
    if status == 402 or (status == 400 and "credit balance" in text):
        return ModelError(NO_CREDIT, permanent=True)
    fixed = {401: WRONG_KEY, 403: NOT_ALLOWED, 404: NO_MODEL}
    if status in fixed:
        return ModelError(fixed[status], permanent=True)
    wait = _seconds(error.response.headers.get("retry-after"))
    if status == 429:
        return ModelError(LIMITED, permanent=False, wait=wait)
    if status >= 500 or status in (408, 409):
        return ModelError(OVERLOADED if status == 529 else BROKEN, permanent=False, wait=wait)
    return ModelError(REFUSED, permanent=True)


def _seconds(header: str | None) -> float | None:
    try:
        return max(0.0, float(header or ""))
    except ValueError:
        return None


def _completion(body: bytes) -> Completion:
    try:
        answer = json.loads(body)
        blocks = [block for block in answer["content"] if isinstance(block, dict)]
        calls = [
            ToolCall(str(block["id"]), str(block["name"]), _arguments(block.get("input")))
            for block in blocks
            if block.get("type") == "tool_use"
        ]
        texts = [str(block["text"]) for block in blocks if block.get("type") == "text"]
        usage = _usage(answer.get("usage") or {})
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ModelError(GARBAGE, permanent=False) from error
    return Completion(
        "\n".join(texts).strip(), calls, str(answer.get("stop_reason") or "end_turn"), usage, blocks
    )


def _arguments(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _usage(row: Mapping[str, Any]) -> Usage:
    return Usage(
        input=int(row.get("input_tokens") or 0),
        output=int(row.get("output_tokens") or 0),
        cache_read=int(row.get("cache_read_input_tokens") or 0),
        cache_write=int(row.get("cache_creation_input_tokens") or 0),
    )
