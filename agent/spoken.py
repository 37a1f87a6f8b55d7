"""Numbers written as words or in chat spelling, in Indonesian and English, turned into digits before facts are read.

“seratus lima puluh ribu”, “150rb” and “150k” become “¤150000” (¤: an amount, the currency is not told); “setengah jam”
becomes “30 menit”; “dua orang” becomes “2 orang”. Only the standard library.
"""

import re
import unicodedata

AMOUNT = "¤"
_ONES = {
    **dict(
        zip(
            ["nol", "satu", "dua", "tiga", "empat", "lima", "enam", "tujuh", "delapan", "sembilan"],
            range(10),
            strict=True,
        )
    ),
    **dict(
        zip(
            ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"],
            range(10),
            strict=True,
        )
    ),
}
_TEENS = {
    "lapan": 8, "sepuluh": 10, "sebelas": 11, "ten": 10, "eleven": 11, "twelve": 12, "thirteen": 13, "fourteen": 14,
    "fifteen": 15, "sixteen": 16, "seventeen": 17, "eighteen": 18, "nineteen": 19, "dozen": 12, "selusin": 12,
}  # fmt: skip
_TENS = {
    "twenty": 20, "thirty": 30, "forty": 40, "fourty": 40, "fifty": 50, "sixty": 60, "seventy": 70, "eighty": 80,
    "ninety": 90,
}  # fmt: skip
_WHOLE = {"seratus": 100, "seribu": 1_000, "sejuta": 1_000_000, "ceban": 10_000, "goban": 50_000, "goceng": 5_000,
    "seceng": 1_000, "noceng": 2_000, "noban": 20_000, "gopek": 500, "cepek": 100, "gocap": 50}  # fmt: skip
_TIMES = {"puluh": 10, "ratus": 100, "hundred": 100}
_SCALES = {
    "k": 1_000, "rb": 1_000, "ribu": 1_000, "rebu": 1_000, "rbu": 1_000, "ribuan": 1_000, "thousand": 1_000, "grand": 1_000,
    "jt": 1_000_000, "juta": 1_000_000, "jeti": 1_000_000, "jutaan": 1_000_000, "million": 1_000_000, "mio": 1_000_000,
    "mil": 1_000_000, "mln": 1_000_000,
}  # fmt: skip
_WORDS = {*_ONES, *_TEENS, *_TENS, *_WHOLE, *_TIMES, *_SCALES, "belas"}
_WORD = "|".join(sorted(_WORDS, key=len, reverse=True))
_NUMBER = re.compile(
    rf"(?<![\w.,])(?:{_WORD}|\d+(?:[.,]\d+)?(?=\s?(?:{'|'.join(_SCALES)}|ratus|puluh|hundred|belas)\b))"
    rf"(?:(?:[ \t]+|-|(?<=\d))(?:(?<=hundred )and |(?<=thousand )and )?"
    rf"(?:(?:{_WORD})\b|\d+(?:[.,]\d+)?(?=\s?(?:{'|'.join(_SCALES)})\b)))*(?!\w|-\w+nya\b)"
)
_TOKEN = re.compile(rf"\d+(?:[.,]\d+)?|{_WORD}")
# “seratusenampuluhribu”, “tigapuluh”: number words without a space between them.
_GLUED = re.compile(rf"\b(?!(?:{_WORD})\b)(?:{_WORD}){{2,12}}\b")
_SCALE = "|".join(sorted(_SCALES, key=len, reverse=True))
_DIGIT = "satu|dua|tiga|empat|lima|enam|tujuh|delapan|sembilan|one|two|three|four|five|six|seven|eight|nine|\\d+"
_HALVES: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern), into)
    for pattern, into in (
        (rf"\b({_DIGIT})\s?(?:-|sampai|s/d|hingga|to)\s?({_DIGIT})\s?({_SCALE})\b", r"\1 \3 to \2 \3"),
        (rf"\b({_DIGIT})(?: and a half| ?½| 1/2)(?=\s|$)", r"\1.5"),
        (rf"\b({_DIGIT}) setengah (?=ratus|ribu|rb|juta|jt|jam|bulan|tahun)", r"\1.5 "),
        (rf"\b({_DIGIT}) (?:koma|point) ({_DIGIT})\b", r"\1.\2"),
        (r"\ban hour and a half\b", "90 minutes"),
        (r"\bhalf a million\b|\bsetengah ju?ta\b", "500 ribu"),
        (r"\b(?:half an|half-an|a half|half)[ -]?hour\b|\bsetengah jam\b", "30 menit"),
        (r"\b(?:three quarters of an hour|tiga perempat jam)\b", "45 menit"),
        (r"\b(?:a )?quarter of an hour\b|\bseperempat jam\b", "15 menit"),
        (r"\b(?:for|valid|within|lasts?|after) an? (hour|day|week|month|year)\b", r"for 1 \1"),
        (r"\b(?:an?|one) (hour|day|week|month|year) (before|ahead|in advance|prior|earlier)\b", r"1 \1 \2"),
        (r"\b(selama|berlaku|durasi|dalam|setelah|unlimited|paket|membership|langganan|aktif|lewat) se(jam|hari|minggu|bulan|tahun)\b", r"\1 1 \2"),
        (r"\bse(jam|hari|minggu|bulan|tahun) (sebelum|setelah|kemudian|penuh|lagi|ke depan)", r"1 \1 \2"),
        (r"\bunlimited (?:for )?(?:an?|one) (month|week|year)\b", r"unlimited 1 \1"),
        (r"\bsetengah tahun\b|\bhalf a year\b", "6 bulan"),
        (r"\b(lewat|lebih) seperempat\b(?! jam)", r"\1 15"),
        (r"\b(?:7|seven|tujuh) (?:days|hari)(?: a| per| dalam)? (?:week|minggu|seminggu)\b", "every day"),
        (r"\ba (hundred|thousand|million|dozen)\b", r"1 \1"),
        (r"\btwice\b", "2 times"),
        (r"\bthrice\b", "3 times"),
    )
)  # fmt: skip
# One of these stands in whatever all but the first of them find; most texts hold none.
_SPOKEN = re.compile(
    r"half|½|1/2|setengah|perempat|quarter|koma|point|twice|thrice|\b(?:an?|one|7|seven|tujuh) |"
    r"\bse(?:jam|hari|minggu|bulan|tahun)|\bunlimited"
)
# “one” and “satu” are mostly no numbers: “salah satu”, “this one”.
_COUNTED = re.compile(
    r"[\s-]+(?:\w+\s)?(?:kelas|class|classes|sesi|session|orang|person|people|jam|hour|hari|day|minggu|week|bulan|month|tahun|year|"
    r"am\b|pm\b|o'clock|menit|minute|persen|percent|kali|time|visit|pertemuan|credit|kredit|place|tempat)"
)


def plain_digits(text: str) -> str:
    """Lower case, one kind of digit, dash and space, no WhatsApp markers; number words as digits."""
    text = unicodedata.normalize("NFKC", text.replace("½", " 1/2")).lower()
    text = re.sub(
        r"\b(rp|idr)\.?(?=\d)|\b24/7\b",
        lambda match: f"{match[1]} " if match[1] else "",
        text.translate(_TIDY),
    )
    text = re.sub(r"\b([ap])\.?\s?m\.", r"\1m", text)
    text = _GLUED.sub(lambda match: " ".join(_TOKEN.findall(match[0])), text)
    for pattern, into in _HALVES if _SPOKEN.search(text) else _HALVES[:1]:
        text = pattern.sub(lambda match, into=into: _ones(match, into), text)  # type: ignore[misc]
    return _NUMBER.sub(lambda match: _digits(match, text), text)


_TIDY = {
    **dict.fromkeys(map(ord, "*_~`\u200b\u200c\u200d\u2060\ufeff\u00ad\ufe0f\u20e3"), None),
    **dict.fromkeys(map(ord, "\u2010\u2011\u2012\u2013\u2014\u2212"), "-"),
    **dict.fromkeys(map(ord, "\u2019\u2018"), "'"),
    0x2044: "/",
}


def _ones(match: re.Match[str], into: str) -> str:
    """The replacement, with the number words that it took over as digits: “satu” before “.5” is “1.5”."""
    return re.sub(
        r"\b[a-z]+(?=\.)|(?<=\.)[a-z]+\b",
        lambda word: str(_ONES.get(word[0], word[0])),
        match.expand(into),
    )


def _digits(match: re.Match[str], text: str) -> str:
    tokens = _TOKEN.findall(match[0])
    before = text[: match.start()]
    counted = _COUNTED.match(text, match.end()) and not before.endswith("salah ")
    counted = counted or before.endswith(("jam ", "pukul ", "setengah ", "past ", " at "))
    if tokens in (["one"], ["satu"]) and not counted:
        return match[0]
    if tokens and all(word in _SCALES for word in tokens):  # “jt” or “k” alone
        return match[0]
    if len(tokens) >= 4 and all(
        word in _ONES for word in tokens
    ):  # a number read out digit by digit
        return "".join(str(_ONES[word]) for word in tokens)
    scaled = any(_SCALES.get(word, 0) or _WHOLE.get(word, 0) >= 1_000 for word in tokens)
    return " ".join(
        f"{AMOUNT if scaled and value >= 1_000 else ''}{value:g}"
        if value < 10**6
        else f"{AMOUNT}{value:.0f}"
        for value in _values(tokens)
    )


def _values(tokens: list[str]) -> list[float]:
    """The numbers that the words say: usually one; “five thirty” says two."""
    done: list[float] = []
    total, part, last = 0.0, 0.0, 0.0  # last: the size of what part ends with
    scale = 10.0**9  # what total ends with
    for word in tokens:
        if word in _SCALES or _WHOLE.get(word, 0) >= 1_000:
            size = _SCALES.get(word) or _WHOLE[word]
            if size >= scale:
                done.append(total)
                total = 0.0
            times = (part or 1) if word in _SCALES else 1
            total, part, last, scale = total + times * size, 0.0, 0.0, size
        elif word in _TIMES:
            low = part % 10 if word == "puluh" else part % 100 or part
            part += (low or 1) * _TIMES[word] - low
            last = _TIMES[word]
        elif word == "belas":
            part, last = part + 10, 1
        else:
            value, place = _simple(word)
            if part and place >= last:  # a new number begins
                done.append(total + part)
                total, part, scale = 0.0, 0.0, 10.0**9
            part, last = part + value, place
    return [*done, total + part] if total or part or not done else done


def _simple(word: str) -> tuple[float, float]:
    """Value and smallest place of one word: “dua” fills the ones, “twenty” leaves them free."""
    if word in _TENS:
        return _TENS[word], 10
    if word in _WHOLE:
        return _WHOLE[word], _WHOLE[word]
    if word in _ONES or word in _TEENS:
        return _ONES.get(word, _TEENS.get(word, 0)), 1
    return float(word.replace(",", ".")), 1
