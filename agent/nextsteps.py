"""What staff can do when the model's server did not answer: said under the answer in the Playground, where they look."""

from dataclasses import dataclass

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from agent import troubles
from tenants.access import allowed
from tenants.models import Tenant

KEY = gettext_noop("A new key goes into the studio's settings.")
ITS_KEY = gettext_noop(
    "The key belongs to this installation: whoever runs it sets a new ANTHROPIC_API_KEY."
)
AGAIN = gettext_noop("Ask once more in a minute.")
LIMIT = gettext_noop("The limits stand in the studio's settings.")
SERVER = gettext_noop("Whoever runs this installation looks at the server and its log.")
_AT_THE_KEY = frozenset({troubles.WRONG_KEY, troubles.NOT_ALLOWED, troubles.NO_CREDIT})
_PASSING = frozenset(
    {
        *(troubles.LIMITED, troubles.OVERLOADED, troubles.BROKEN, troubles.TOO_SLOW),
        *(troubles.UNREACHABLE, troubles.BUSY),
    }
)
_BUDGET = frozenset({troubles.SPENT, troubles.CUSTOMER_SPENT})
_AT_THE_SERVER = frozenset(
    {
        *(troubles.NO_MODEL, troubles.NO_ADDRESS, troubles.MOVED, troubles.REFUSED),
        *(troubles.GARBAGE, troubles.FALLEN_BACK),
    }
)


@dataclass(frozen=True)
class NextStep:
    """What was wrong, what to do, and the page for it when the person may open it."""

    wrong: str
    step: str
    link: str = ""


def next_step(request: HttpRequest, tenant: Tenant, error: str) -> NextStep | None:
    """None when the model's server is not to blame, or nothing was wrong."""
    if error in _AT_THE_KEY:
        own = bool(tenant.anthropic_api_key)
        return NextStep(_(error), _(KEY if own else ITS_KEY), _page(request, "keys") if own else "")
    if error in _BUDGET:
        return NextStep(_(error), _(LIMIT), _page(request, "limits"))
    if error in _PASSING:
        return NextStep(_(error), _(AGAIN))
    return NextStep(_(error), _(SERVER)) if error in _AT_THE_SERVER else None


def no_key(request: HttpRequest) -> NextStep:
    """Nothing is wrong, but answers could be better."""
    wrong = _(
        "No Anthropic key is set: answers come word for word from the knowledge. Add a key in the studio's settings."
    )
    return NextStep(wrong, "", _page(request, "keys"))


def _page(request: HttpRequest, part: str) -> str:
    return reverse("studio-settings-part", args=[part]) if allowed(request, "studio") else ""
