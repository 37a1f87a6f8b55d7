"""How a draft tells what only the customer said: as true, or in a denial, a question, a word that the team will check."""

import re
from collections.abc import Callable

from agent.known import read
from agent.stated import Stated

_CLAUSES = re.compile(r"(?<=[.!?;])\s+|\n+|,\s+|\s(?:tapi|tetapi|namun|but)\s", re.IGNORECASE)
_SENTENCES = re.compile(r"(?<=[.!?;])\s+|\n+|\s(?:tapi|tetapi|namun|but)\s", re.IGNORECASE)
# Words that deny, ask, or leave it to people …
_OPEN = re.compile(
    r"\b(?:tidak|tak|nggak|ngga|gak|ga|enggak|belum|bukan|tanpa|not|no|never|cannot|unable|neither)\b|n't\b|\?\s*$|"
    r"\b(?:cek|mengecek|dicek|periksa|memeriksa|diperiksa|memastikan|pastikan|konfirmasi|teruskan|meneruskan|sampaikan|menyampaikan|"
    r"check|verify|confirm with|pass(?:ed|ing)?\b.{0,30}\b(?:on|to)|forward(?:ed)?)\b"
)
# … and those that only look like it.
_MILD = re.compile(
    r"\b(?:(?:tidak|ga|gak|nggak) (?:masalah|apa-apa|papa|perlu khawatir)|(?:belum|tidak) termasuk|bukan (?:cuma|hanya)|tidak hanya|"
    r"no (?:problem|worries)|not only|not including|why not|betul,? (?:tidak|bukan))\b"
)
# The customer's own appointment: when they come, not when a class is.
_THEIR_OWN = re.compile(
    r"\b(?:kalau|kalo|jika|bila|if|when you|datang|tiba|sampai di|arriv\w+|coming|you come|landing|flight|kerja|work|kantor|you said|"
    r"kakak (?:bilang|sebut|tulis)|sekitar|around|teruskan|request\w*|permintaan\w*|catat|noted|bring|closed|tutup|libur)\b"
)
_YES = re.compile(
    r"\b(?:betul|benar|iya|yes|yep|correct|right|tentu|bisa|ada|buka|open|available|sure|ya)\b"
)
_PEOPLE = re.compile(
    r"\b(?:tim|team|staf|staff|admin|membalas|balas|answers?|reply|replies|resepsionis|reception|sekarang|saat ini|now|currently)\b"
)


def denied(draft: str, value: float) -> bool:
    """Every clause with this amount or percentage denies it, asks, or leaves it to the team."""
    return _every(_CLAUSES, draft, lambda told: value in _amounts(told), open_in)


def open_time(draft: str, minutes: frozenset[int]) -> bool:
    """Every sentence with this time denies it, asks, or speaks of when the customer comes."""
    return _every(
        _SENTENCES,
        draft,
        lambda told: any(time.both & minutes for time in told.times),
        lambda low: open_in(low) or bool(_THEIR_OWN.search(low)),
    )


def of_people(draft: str, minutes: frozenset[int]) -> bool:
    """Every sentence with this time tells the time of day, or when people answer."""
    return _every(
        _SENTENCES,
        draft,
        lambda told: any(time.both & minutes for time in told.times),
        lambda low: bool(_PEOPLE.search(low)),
    )


def agreed_day(draft: str, day: int) -> bool:
    """A sentence says yes to this day."""
    return any(
        day in read(sentence).weekdays and _YES.search(low) and not open_in(low)
        for sentence in _SENTENCES.split(draft)
        if (low := sentence.lower()) and not _THEIR_OWN.search(low)
    )


def open_in(low: str) -> bool:
    return bool(_OPEN.search(_MILD.sub(" ", low)))


def _every(
    between: re.Pattern[str],
    draft: str,
    told: Callable[[Stated], bool],
    fits: Callable[[str], bool],
) -> bool:
    parts = [part for part in between.split(draft) if part and told(read(part))]
    return bool(parts) and all(fits(part.lower()) for part in parts)


def _amounts(told: Stated) -> frozenset[float]:
    return frozenset(value for _code, value in told.money) | told.percent
