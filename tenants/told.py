"""Sentences that programs stored, read by people: stored in English, told in the language of whoever reads."""

import re

from django.utils.translation import gettext, gettext_noop

# Those with another sentence in them.
_AROUND = (gettext_noop("An answer did not reach the customer: %(reason)s"),)


def told(text: str) -> str:
    """`text` in the reader's language where it is a sentence of ours; what customers and models wrote stays."""
    for around in _AROUND:
        before, after = around.split("%(reason)s")
        if text.startswith(before) and text.endswith(after):
            return gettext(around) % {"reason": told(text[len(before) :])}
    sentence, detail = _parted(text)
    return gettext(sentence) + detail if sentence else text


def _parted(text: str) -> tuple[str, str]:
    """A whole sentence, and what stands behind it in brackets; single words are no sentence of ours."""
    found = re.fullmatch(r"(.+ .+[.…])((?: \(.*\))?)", text, re.DOTALL)
    return (found[1], found[2]) if found else ("", "")
