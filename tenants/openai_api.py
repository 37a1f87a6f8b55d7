"""The only door to OpenAI's SDK, for every use of it: connections, keys, and one error with a sentence for staff.

Works with OpenAI, or with any server that speaks its API. Keys and texts are never logged.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from django.conf import settings

from tenants.libraries import load
from tenants.models import Tenant

if TYPE_CHECKING:
    from openai import OpenAI

OPENAI = "https://api.openai.com/v1"
NO_KEY = "none"  # the SDK wants some text; a server of one's own ignores it
KEEPALIVE = 300.0


class OpenAIError(Exception):
    """A request failed. `permanent`: only a person can help (a key, a bill, a setting)."""

    def __init__(self, sentence: str, permanent: bool = False) -> None:
        super().__init__(sentence)
        self.permanent = permanent


def key_for(tenant: Tenant, base_url: str = "") -> str:
    """The studio's own key, else MILA's, else none at a server of one's own; empty where there is no way to ask."""
    key = tenant.openai_api_key or settings.OPENAI_API_KEY
    return key or (NO_KEY if base_url or settings.OPENAI_BASE_URL else "")


@lru_cache(maxsize=100)
def client(base_url: str, key: str, timeout: float, retries: int) -> "OpenAI":
    """The SDK with this key and patience (seconds), on one pool of connections for each server and process."""
    return _client(base_url).with_options(api_key=key, timeout=timeout, max_retries=retries)


@lru_cache(maxsize=4)
def _client(base_url: str) -> "OpenAI":
    load("openai")
    import httpx2
    import openai

    limits = httpx2.Limits(max_connections=100, keepalive_expiry=KEEPALIVE)
    return openai.OpenAI(
        api_key="set by each request",
        base_url=base_url or OPENAI,
        http_client=openai.DefaultHttpxClient(limits=limits),
    )


def raw(client: "OpenAI", path: str, body: dict[str, Any]) -> Any:
    """The server's answer as it stands in its JSON: models of every field would cost more than the request."""
    import httpx2

    return client.post(path, body=body, cast_to=httpx2.Response).json()


@contextmanager
def asking(
    server: str, address: str, model: str, failed: type[OpenAIError] = OpenAIError
) -> Iterator[None]:
    """Whatever the SDK raises becomes `failed`. `server` is its name in the sentence (“embedding server”),
    `address` and `model` are the settings that name it and its model."""
    import httpx2
    import openai

    try:
        yield
    except (openai.AuthenticationError, openai.PermissionDeniedError) as error:
        raise failed(
            "The OpenAI key is not accepted. Enter a valid key in the studio or in OPENAI_API_KEY.",
            permanent=True,
        ) from error
    except openai.RateLimitError as error:
        if error.code == "insufficient_quota":
            raise failed(
                "The OpenAI account has no credit left. Top it up, then sync again.", permanent=True
            ) from error
        raise failed(f"The {server} asks to wait. MILA tries again.") from error
    except openai.APIConnectionError as error:
        raise failed(f"The {server} cannot be reached. Check {address} and the network.") from error
    except openai.NotFoundError as error:
        raise failed(
            f"The {server} does not know the model. Check {model}.", permanent=True
        ) from error
    except openai.BadRequestError as error:
        raise failed(
            f"The {server} refuses the request: {str(error)[:200]}", permanent=True
        ) from error
    except (openai.OpenAIError, httpx2.HTTPError, LookupError, ValueError, TypeError) as error:
        raise failed(f"The {server} failed: {str(error)[:200]}") from error
