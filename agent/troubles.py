"""What can be wrong with a model's server, in sentences for staff, and whose fault it is."""

import re
from typing import Literal

from django.utils.translation import gettext_noop

WRONG_KEY = gettext_noop("The Anthropic key is not accepted. Enter a valid key.")
NOT_ALLOWED = gettext_noop("The Anthropic key may not use this model. Check the key's rights.")
NO_CREDIT = gettext_noop("The AI account has no credit. Top it up at Anthropic.")
NO_MODEL = gettext_noop(
    "The model does not exist or was retired. Set AGENT_MODEL to a current model."
)
NO_ADDRESS = gettext_noop(
    "Nothing answers at this address of the model's server. Check ANTHROPIC_BASE_URL."
)
MOVED = gettext_noop("The model's server sends MILA to another address. Check ANTHROPIC_BASE_URL.")
REFUSED = gettext_noop("The model's server refused the request.")
TOO_LONG = gettext_noop("The chat and the knowledge are too long for the model.")
LIMITED = gettext_noop("The AI account's rate limit is reached. MILA tries again by itself.")
OVERLOADED = gettext_noop("The model's server is overloaded. MILA tries again by itself.")
BROKEN = gettext_noop("The model's server has an error. MILA tries again by itself.")
TOO_SLOW = gettext_noop("The model did not answer in time. MILA tries again by itself.")
UNREACHABLE = gettext_noop("The model's server cannot be reached. Check the network.")
GARBAGE = gettext_noop("The model's server sent something that is no answer.")
# Answers that came, but not as they should.
FALLEN_BACK = gettext_noop(
    "The model in AGENT_MODEL does not exist any more: AGENT_FALLBACK_MODEL answers. Set AGENT_MODEL to a current model."
)
DECLINED = gettext_noop("The model declined to answer this message. A person should.")
CUT_OFF = gettext_noop("The model's answer was cut off twice, so it was not sent.")
NO_END = gettext_noop("The model used its tools again and again and gave no answer.")
SPENT = gettext_noop(
    "The studio's AI budget is used up: answers come word for word from the knowledge until the next day or month."
)
CUSTOMER_SPENT = gettext_noop(
    "This customer's AI budget of the day is used up: answers come word for word from the knowledge."
)
BUSY = gettext_noop(
    "The rest of the AI budget is set aside for other answers that are being made; this one came from the knowledge."
)

# Who is told: the circuit of the server, that of the model, or nobody, as only this request is to blame.
About = Literal["server", "model", "request", "field", "length", "budget"]
_FIELD = re.compile(
    r"extra (?:inputs|fields)|extra_forbidden|not permitted|unknown|unexpected|unrecogni[sz]ed|unsupported|not supported|"
    r"cache_control|\bttl\b|\bstrict\b|thinking|output_config|effort|temperature"
)
_LENGTH = re.compile(r"prompt is too long|too many tokens|context (?:length|window|limit)")


class ModelError(Exception):
    """A model call that failed. `sentence` is for staff, in English; show it through gettext()."""

    def __init__(
        self,
        sentence: str,
        *,
        permanent: bool,
        wait: float | None = None,
        about: About = "server",
        uncertain: bool = False,
        made: bool = True,
    ) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.permanent = permanent  # trying again by itself does not help
        self.wait = wait  # seconds that the server asks for
        self.about = about
        self.made = made  # False: nobody was asked
        self.uncertain = uncertain  # the call may have been billed although no answer came


def told(status: int, kind: str, text: str, retry_after: str | None) -> ModelError:
    """An HTTP error of the server as a sentence for staff. `kind` is its own name of the error."""
    text = text.lower()
    if 300 <= status < 400:
        return ModelError(MOVED, permanent=True)
    if status == 402 or (status == 400 and "credit balance" in text):
        return ModelError(NO_CREDIT, permanent=True)
    if status == 404:
        gone = kind == "not_found_error" or "model" in text
        return ModelError(
            NO_MODEL if gone else NO_ADDRESS, permanent=True, about="model" if gone else "server"
        )
    if status in (401, 403):
        return ModelError(WRONG_KEY if status == 401 else NOT_ALLOWED, permanent=True)
    wait = _seconds(retry_after)
    if status == 429:
        return ModelError(LIMITED, permanent=False, wait=wait)
    if status >= 500 or status in (408, 409):
        return ModelError(OVERLOADED if status == 529 else BROKEN, permanent=False, wait=wait)
    return _refused(status, text)


def _refused(status: int, text: str) -> ModelError:
    """Only this request is to blame: it is too long, or holds a word that this server does not know."""
    if status == 413 or _LENGTH.search(text):
        return ModelError(TOO_LONG, permanent=True, about="length")
    unknown = status in (400, 422) and _FIELD.search(text)
    return ModelError(REFUSED, permanent=True, about="field" if unknown else "request")


def _seconds(header: str | None) -> float | None:
    try:
        return max(0.0, float(header or ""))
    except ValueError:
        return None
