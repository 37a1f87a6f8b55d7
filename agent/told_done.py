"""Words of an answer that say something is done, unless what stands around them leaves it open. How promises and confirmations
of payments are found alike; what they look for is their own."""

import re
from collections.abc import Callable, Iterable

# Before the words: a condition, a question, a denial.
OPENING = (
    r"setelah|sesudah|jika|kalau|kalo|bila|apabila|begitu|sampai|hingga|sebelum|ketika|saat|agar|supaya|apakah|once|after|when|if|"
    r"until|before|as soon as|whether|unless|only|cannot|can't|n't|not|never|belum|tidak|bukan|hanya"
)
_MARKS = re.compile(r"[*_~`]")


def told_done(
    text: str,
    patterns: Iterable[re.Pattern[str]],
    left_open: Callable[[str, re.Match[str]], bool],
) -> str:
    """The first such words, in lower case; empty when there are none."""
    low = _MARKS.sub("", text.lower().replace("\u2019", "'"))
    found = (match for pattern in patterns for match in pattern.finditer(low))
    return next((match[0] for match in found if not left_open(low, match)), "")
