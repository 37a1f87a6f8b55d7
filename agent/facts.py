"""Finds the facts of a text that must be right: amounts of money, times of day, links, long numbers.

Only the standard library: the guard uses it in every turn, and `evals/score.py` without Django.
"""

import re
from collections.abc import Iterator

_TIMES = {
    "k": 1_000,
    "rb": 1_000,
    "ribu": 1_000,
    "thousand": 1_000,
    "jt": 1_000_000,
    "juta": 1_000_000,
    "million": 1_000_000,
    "mio": 1_000_000,
}
_DOLLARS = re.compile(r"(?:a\$|aud\s?\$?|\$)\s?(\d{1,3}(?:,\d{3})+|\d+)(?:\.\d{2})?")
_DOLLARS_AFTER = re.compile(r"(?<!\d)(\d{1,3}(?:,\d{3})+|\d+)\s?(?:dollars?|dolar|aud)\b")
_RUPIAH = re.compile(r"(?:rp\.?|idr)\s?(\d{1,3}(?:[.,]\d{3})+|\d{4,})(?![.,]?\d)")
_GROUPED = re.compile(r"(?<![\d$.,])(\d{1,3}(?:\.\d{3})+)(?![.,]?\d)")
_SHORT = re.compile(
    r"(?:rp\.?\s?|idr\s?)?(?<![\d.,$])(\d+(?:[.,]\d+)?)\s?(k|rb|ribu|thousand|jt|juta|million|mio)\b"
)


def money(text: str) -> set[str]:
    """Amounts by value: “150rb” and “Rp 150.000” are both IDR:150000, “28 dollars” is AUD:28."""
    low = text.lower().replace("\u00a0", " ")
    found = {"AUD:" + m[1].replace(",", "") for m in _DOLLARS.finditer(low)}
    found |= {"AUD:" + m[1].replace(",", "") for m in _DOLLARS_AFTER.finditer(low)}
    found |= {"IDR:" + re.sub(r"[.,]", "", m[1]) for m in _RUPIAH.finditer(low)}
    found |= {"IDR:" + m[1].replace(".", "") for m in _GROUPED.finditer(low)}
    for m in _SHORT.finditer(low):
        found.add(f"IDR:{round(float(m[1].replace(',', '.')) * _TIMES[m[2]])}")
    return found


_HALF = {"pagi": "am", "siang": "pm", "sore": "pm", "petang": "pm", "malam": "pm"}
_AMOUNT = re.compile(r"(?:rp\.?|idr|\$)\s?[\d.,]+")
_PARTS = "pagi|siang|sore|petang|malam"
_CLOCKS = (
    re.compile(rf"(?<![\d.,])(\d{{1,2}})[:.](\d{{2}})(?![.,]?\d)\s*(am|pm|{_PARTS})?"),
    re.compile(r"(?<![\d.,:])(\d{1,2})()\s*(am|pm)\b"),
    re.compile(rf"\b(?:jam|pukul)\s*(\d{{1,2}})()(?![:.,]?\d)\s*({_PARTS})?"),
)


def times(text: str) -> Iterator[tuple[int, int | None]]:
    """Each time of day as minutes, with the other half of the day when the text leaves it open."""
    low = _AMOUNT.sub(" ", text.lower().replace("a.m.", "am").replace("p.m.", "pm"))
    for pattern in _CLOCKS:
        for match in pattern.finditer(low):
            hour, minute = int(match[1]), int(match[2] or 0)
            half = _HALF.get(match[3] or "", match[3])
            if hour > 24 or minute > 59:
                continue
            if half == "pm" and hour < 12:
                hour += 12
            elif half == "am" and hour == 12:
                hour = 0
            other = (hour + 12) * 60 + minute if half is None and 1 <= hour <= 11 else None
            yield (hour % 24) * 60 + minute, other


def clock(text: str, *, lenient: bool = True) -> set[int]:
    """Times of day as minutes. A time without am or pm counts for both halves when lenient."""
    found: set[int] = set()
    for minutes, other in times(text):
        found.add(minutes)
        if lenient and other is not None:
            found.add(other)
    return found


_BETWEEN = re.compile(r"[\s<>()\[\]\"'*_~`|,;]+")
# Only endings that are in use, so that “Kak.Besok” without its space is no address.
_HOST = re.compile(
    r"(?:[a-z0-9-]+\.)+(?:com|id|net|org|info|example|me|io|co|app|ly|gl|link|shop|store|site|online|biz|xyz|page|au|sg)"
    r"(?:[:/?#].*)?"
)
_MAILBOX = re.compile(r"[^@]+@[a-z0-9-]+(?:\.[a-z0-9-]+)+")
_LONG_NUMBER = re.compile(r"\+?\d(?:[\d \-]{4,}\d)")


def links(text: str) -> set[str]:
    """Addresses of pages and mailboxes, without scheme, closing punctuation and case."""
    words = (word.strip(".:!?/") for word in _BETWEEN.split(text.lower()))
    words = (word for word in words if "." in word or "/" in word)
    bare = ((word, re.sub(r"^(https?://)?(www\.)?", "", word)) for word in words)
    return {
        link
        for word, link in bare
        if word != link or _HOST.fullmatch(link) or _MAILBOX.fullmatch(link)
    }


def long_numbers(text: str) -> set[str]:
    """Phone and account numbers: runs of at least six digits, without spaces, dashes and country code."""
    low = _AMOUNT.sub(" ", text.lower())
    found = {re.sub(r"\D", "", m[0]) for m in _LONG_NUMBER.finditer(low)}
    return {re.sub(r"^(62|0)", "", number) for number in found if len(number) >= 6}


def plain(text: str) -> str:
    """Lower case, straight quotes, no WhatsApp markers, single spaces."""
    low = text.lower().replace("\u2019", "'").replace("\u2018", "'")
    low = low.replace("\u2013", "-").replace("\u2014", "-")
    return re.sub(r"\s+", " ", re.sub(r"[*_~`]", "", low))
