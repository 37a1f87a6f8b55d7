"""Whether an answer says that it does not know: then the knowledge lacks something, however kindly it was said."""

import re

_PHRASES = re.compile(
    r"\b(?:do not|don'?t|doesn'?t|does not) (?:currently )?know\b"
    r"|\b(?:do not|don'?t|haven'?t|doesn'?t|does not) (?:currently )?(?:have(?! to\b)|got|see|list|mention)\b"
    r".{0,40}\b(?:info\w*|details?|that|this|about|whether|if|prices?|here|schedule|answer)\b"
    r"|\b(?:i'?m|i am) not sure\b|\bnot (?:sure|listed|mentioned)\b|\bno (?:info\w*|details?) (?:on|about)\b"
    r"|\b(?:belum|tidak|nggak|ngga|gak|ga|tak) (?:punya|ada|memiliki|menemukan|mendapat\w*) (?:\w+ )?(?:info\w*|data|detail\w*|keterangan)\b"
    r"|\binfo\w* (?:itu|ini|tersebut|soal itu)?\s?(?:belum|tidak|nggak|gak) (?:ada|tersedia)\b"
    r"|\b(?:belum|tidak|nggak|ngga|gak|ga|kurang) tahu\b|\btidak (?:tercantum|disebutkan|yakin)\b"
    r"|\b(?:saya|aku) (?:cek|tanyakan|tanya|teruskan) (?:dulu|ke)\b|\b(?:tanyakan|teruskan|cek)\w* (?:dulu )?ke tim\b"
    r"|\b(?:let me|i'?ll|shall i|i can|would you like me to) (?:check|ask|pass)\b",
    re.IGNORECASE,
)

_CONTACT = re.compile(
    r"\b(?:contact|ask|reach out to|check with) (?:the |our )?(?:team|studio|staff)\b|\bhubungi (?:tim|studio|admin)\b",
    re.IGNORECASE,
)
_FIGURE = re.compile(
    r"\b(?:rp|idr)\.?\s?\d|(?<![\d.-])\d{1,2}[:.]\d\d(?![\d.-]\d)\b|\b\d+\s?(?:am|pm|rb|ribu|k|juta)\b",
    re.IGNORECASE,
)


def says_unknown(text: str) -> bool:
    """True for “Maaf Kak, saya belum punya info soal itu” and its like, in both languages."""
    said = text.replace("\u2019", "'")
    if _PHRASES.search(said):
        return True
    # “Harga Rp 150.000. Kalau ragu, hubungi admin” told it.
    return bool(_CONTACT.search(said)) and not _FIGURE.search(said)
