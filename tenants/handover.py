"""Words of a studio's own that always call a person: “komplain”, the name of its manager."""

import re
from functools import lru_cache

from tenants.models import Tenant


def word_in(tenant: Tenant, text: str) -> str:
    """The first of the studio's words that stands in the text as a word of its own; "" when none does."""
    if not tenant.handover_words:
        return ""
    found = _pattern(tenant.handover_words).search(" ".join(text.split()))
    return found[0] if found else ""


@lru_cache(maxsize=256)
def _pattern(words: str) -> re.Pattern[str]:
    each = "|".join(re.escape(word) for word in words.split("\n"))
    return re.compile(rf"(?<!\w)(?:{each})(?!\w)", re.IGNORECASE)
