"""How people write amounts, times, dates and counts, and how one goes wrong: for `benchmarks/corrupted_replies.py`.

Knows nothing of how the guard reads. A fact is (kind, value) as it stands in evals/true_replies.jsonl.
"""

import datetime as dt
import random
import re
from collections.abc import Callable

_ID = [
    "nol",
    "satu",
    "dua",
    "tiga",
    "empat",
    "lima",
    "enam",
    "tujuh",
    "delapan",
    "sembilan",
    "sepuluh",
    "sebelas",
]
_EN = [
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
]
_TENS = ["-", "-", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
DAYS = {
    "id": ("Senin", "Selasa", "Rabu", "Kamis", "Jumat", "Sabtu", "Minggu"),
    "en": ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
}
_MONTHS = {
    "id": [
        "Januari",
        "Februari",
        "Maret",
        "April",
        "Mei",
        "Juni",
        "Juli",
        "Agustus",
        "September",
        "Oktober",
        "November",
        "Desember",
    ],
    "en": [
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ],
}


def words(number: int, language: str) -> str:
    return _indonesian(number) if language == "id" else _english(number)


def _indonesian(n: int) -> str:
    if n < 12:
        return _ID[n]
    if n < 20:
        return f"{_ID[n - 10]} belas"
    for size, one, name in (
        (10**6, "satu juta", "juta"),
        (1000, "seribu", "ribu"),
        (100, "seratus", "ratus"),
        (10, "", "puluh"),
    ):
        if n >= size:
            head = one if n // size == 1 else f"{_indonesian(n // size)} {name}"
            return f"{head} {_indonesian(n % size)}" if n % size else head
    raise ValueError(n)


def _english(n: int) -> str:
    if n < 20:
        return _EN[n]
    if n < 100:
        return _TENS[n // 10] + (f"-{_EN[n % 10]}" if n % 10 else "")
    for size, name in ((10**6, "million"), (1000, "thousand"), (100, "hundred")):
        if n >= size:
            head = f"{_english(n // size)} {name}"
            return f"{head} {_english(n % size)}" if n % size else head
    raise ValueError(n)


def spelled(kind: str, value: str, language: str, currency: str, choose: random.Random) -> str:
    """One way to write the fact."""
    return choose.choice(_SPELL[kind](value, language, currency))


def _money(value: str, language: str, currency: str) -> list[str]:
    if currency in _SIGNS:
        return _dollars(value, currency)
    n = int(value)
    dots, commas = f"{n:,}".replace(",", "."), f"{n:,}"
    ways = [
        f"Rp {dots}",
        f"Rp{dots}",
        f"Rp. {dots}",
        f"IDR {commas}",
        f"*Rp {dots}*",
        f"Rp {dots},-",
        f"{n} rupiah",
        f"Rp {n}",
        dots,
    ]
    ways += [f"{words(n, language)} rupiah", words(n, language), f"IDR {dots}"]
    if n % 1000 == 0 and n < 10**6:
        ways += [
            f"{n // 1000}rb",
            f"{n // 1000} ribu",
            f"{n // 1000}k",
            f"Rp {n // 1000}rb",
            f"Rp{n // 1000}k",
            f"{n // 1000} RB",
            f"{n // 1000} ribuan",
        ]
    if n >= 10**6 and n % 10_000 == 0:
        short = f"{n / 10**6:g}"
        ways += [
            f"{short.replace('.', ',')} juta",
            f"{short}jt",
            f"Rp {short.replace('.', ',')} jt",
            f"{short} million",
            f"{n // 10**6}jt" + (f" {n % 10**6 // 1000}rb" if n % 10**6 else ""),
        ]
    return ways


_SIGNS = {"AUD": "A$", "SGD": "S$"}


def _dollars(value: str, currency: str) -> list[str]:
    sign = _SIGNS[currency]
    if "." in value:
        return [f"${value}", f"{sign}{value}"]
    return [
        f"${value}",
        f"{sign}{value}",
        f"{currency} {value}",
        f"{value} dollars",
        f"${value}.00",
        f"{words(int(value), 'en')} dollars",
    ]


def _time(value: str, language: str, _currency: str) -> list[str]:
    hour, minute = (int(part) for part in value.split(":"))
    twelve, half = (hour - 1) % 12 + 1, "am" if hour < 12 else "pm"
    after = f":{minute:02d}" if minute else ""
    clock = [f"{hour:02d}:{minute:02d}", f"{hour:02d}.{minute:02d}"]
    if language == "en":
        ways = [
            *clock,
            f"{twelve}{after}{half}",
            f"{twelve}{after} {half}",
            f"{twelve}{after} {half[0]}.m.",
            f"{twelve}:{minute:02d} {half.upper()}",
        ]
        part = (
            "in the morning" if hour < 12 else "in the afternoon" if hour < 18 else "in the evening"
        )
        if minute == 30:
            ways.append(f"half past {words(twelve, 'en')} {part}")
        if minute == 0:
            ways += [
                f"{words(twelve, 'en')} {half}",
                f"{twelve} {part}",
                f"{twelve} o'clock {part}",
            ]
        return ways
    part = "pagi" if hour < 11 else "siang" if hour < 15 else "sore" if hour < 18 else "malam"
    dotted = f".{minute:02d}" if minute else ""
    ways = (
        [f"pukul {way}" for way in clock]
        + [f"jam {way}" for way in clock]
        + [f"jam {twelve}{dotted} {part}", f"{clock[0]} WITA"]
    )
    if minute == 0:
        ways += [f"jam {words(twelve, 'id')} {part}", f"jam {hour}"]
    if minute == 30:
        ways.append(f"setengah {words(twelve % 12 + 1, 'id')} {part}")
    if minute == 15:
        ways.append(f"jam {words(twelve, 'id')} lewat lima belas {part}")
    if minute == 45:
        ways.append(f"jam {words(twelve % 12 + 1, 'id')} kurang seperempat {part}")
    return ways


_UNITS = {
    "m": ("menit", "minutes", 1), "h": ("jam", "hours", 60), "d": ("hari", "days", 1440), "w": ("minggu", "weeks", 10080),
    "mo": ("bulan", "months", 0),
}  # fmt: skip


def _span(value: str, language: str, _currency: str) -> list[str]:
    found = re.fullmatch(r"(\d+)(mo|[mhdw])", value)
    assert found is not None
    n, unit = int(found[1]), _UNITS[found[2]]
    name = unit[0] if language == "id" else unit[1] if n != 1 else unit[1][:-1]
    ways = [f"{n} {name}", f"{words(n, language)} {name}"]
    if found[2] == "m" and 60 < n < 120 and n != 90:
        ways.append(f"1 jam {n - 60} menit" if language == "id" else f"1 hour {n - 60} minutes")
    if found[2] == "m":
        ways += [f"{n} min", f"{n} mins"] if language == "en" else [f"{n} mnt", f"{n} menit"]
    return ways


def _count(value: str, language: str, _currency: str) -> list[str]:
    n = int(value)
    if language == "id":
        return [f"{n} kelas", f"{n}x", f"{words(n, 'id')} kelas", f"{n} kali"]
    return [f"{n} classes", f"{words(n, 'en')} classes", f"{n} sessions"]


def _people(value: str, language: str, _currency: str) -> list[str]:
    n = int(value)
    if language == "id":
        return [f"{n} orang", f"{words(n, 'id')} orang", f"{n} peserta", f"{n} org"]
    return [f"{n} people", f"{words(n, 'en')} people", f"{n} participants", f"{n} persons"]


def _date(value: str, language: str, _currency: str) -> list[str]:
    parts = [int(part) for part in value.split("-")]
    year, month, day = (parts[0], *parts[1:]) if len(parts) == 3 else (0, *parts)
    name = _MONTHS[language][month - 1]
    ways = [f"{day} {name}", f"{day} {name[:3]}", f"{day}/{month}"]
    if language == "en":
        ending = {1: "st", 2: "nd", 3: "rd", 21: "st", 22: "nd", 23: "rd", 31: "st"}.get(day, "th")
        ways += [
            f"{name} {day}",
            f"{name[:3]} {day}",
            f"{day}{ending} of {name}",
            f"{name} {day}{ending}",
        ]
    if year:
        ways = (
            [f"{way}/{year}" if "/" in way else f"{way} {year}" for way in ways]
            + [value]
            + ways[:2]
        )
    return ways


def _phone(value: str, _language: str, _currency: str) -> list[str]:
    local = re.sub(r"^62", "0", value)
    return [
        local,
        f"+62 {local[1:4]}-{local[4:8]}-{local[8:]}",
        f"{local[:4]} {local[4:8]} {local[8:]}",
        f"62{local[1:]}",
    ]


def _day(value: str, language: str, _currency: str) -> list[str]:
    name = DAYS[language][int(value)]
    return [name, name.lower(), name, f"{name}s" if language == "en" else f"hari {name}"]


def _percent(value: str, language: str, _currency: str) -> list[str]:
    name = "persen" if language == "id" else "percent"
    return [f"{value}%", f"{value} %", f"{value} {name}", f"{words(int(value), language)} {name}"]


def _account(value: str, _language: str, _currency: str) -> list[str]:
    return [value, f"{value[:4]} {value[4:7]} {value[7:]}", f"{value[:3]}-{value[3:]}"]


def _as_it_is(value: str, _language: str, _currency: str) -> list[str]:
    return [value]


_SPELL: dict[str, Callable[[str, str, str], list[str]]] = {
    "money": _money, "total": _money, "time": _time, "end": _time, "limit": _time, "span": _span, "count": _count, "people": _people,
    "date": _date, "day": _day, "pct": _percent, "phone": _phone, "num": _as_it_is, "code": _as_it_is, "link": _as_it_is,
    "mail": _as_it_is, "acct": _account, "age": lambda value, language, _c: [f"{value} {'tahun' if language == 'id' else 'years'}"],
}  # fmt: skip


def corrupted(kind: str, value: str, choose: random.Random) -> str:
    """Another value of the kind, wrong as models and typists go wrong."""
    return _CORRUPT[kind](value, choose)


def _digits(value: str, choose: random.Random) -> str:
    """One digit changed, two swapped, one lost, one too many."""
    places = [place for place, sign in enumerate(value) if sign.isdigit()]
    place, way = choose.choice(places), choose.randrange(4)
    if way == 0 or len(places) == 1:
        return (
            value[:place]
            + str((int(value[place]) + choose.randrange(1, 10)) % 10)
            + value[place + 1 :]
        )
    if way == 1 and value[place + 1 : place + 2].isdigit():
        return value[:place] + value[place + 1] + value[place] + value[place + 2 :]
    if way == 2 and not value.startswith("0"):
        return value[:place] + value[place + 1 :]
    return value[:place] + value[place] + value[place:]


def _wrong_money(value: str, choose: random.Random) -> str:
    if "." in value:
        return _digits(value, choose)
    n = int(value)
    if n < 1000:
        return str(int(_digits(value, choose)) or 7)
    step = 10 ** (len(value) - 2)
    near = n + choose.choice((-3, -2, -1, 1, 2, 3)) * step // 2
    head = value.rstrip("0")
    zeros = "0" * (len(value) - len(head))
    swapped = int((head[::-1].lstrip("0") or "7") + zeros)
    options = [near, n * 10, n // 10, n + step, n * 2 + step, swapped]
    return str(choose.choice([option - option % 500 for option in options if option >= 500]))


def _wrong_time(value: str, choose: random.Random) -> str:
    hour, minute = (int(part) for part in value.split(":"))
    minutes = hour * 60 + minute + choose.choice((-60, 60, 720, 720, 30, -30, 15, -15, 120, -5))
    return f"{minutes // 60 % 24:02d}:{minutes % 60:02d}"


def _wrong_span(value: str, choose: random.Random) -> str:
    found = re.fullmatch(r"(\d+)(mo|[mhdw])", value)
    assert found is not None
    n, unit = int(found[1]), found[2]
    if choose.random() < 0.3:
        return f"{n}{choose.choice([u for u in _UNITS if u != unit])}"
    return f"{max(2, n + choose.choice((-15, -10, -5, -2, -1, 1, 2, 3, 5, 10, 15)))}{unit}"


def _wrong_number(value: str, choose: random.Random) -> str:
    return str(max(2, int(value) + choose.choice((-10, -5, -2, -1, 1, 2, 3, 5, 10))))


def _wrong_date(value: str, choose: random.Random) -> str:
    full = value if value.count("-") == 2 else f"2026-{value}"
    way = choose.randrange(3)
    day = dt.date.fromisoformat(full)
    moved = day + dt.timedelta(days=choose.choice((-7, -3, -1, 1, 2, 5, 10, 31)))
    if way == 2 and full == value:
        moved = day.replace(year=day.year + 1)
    return moved.isoformat() if full == value else moved.strftime("%m-%d")


def _wrong_address(value: str, choose: random.Random) -> str:
    name, mark, rest = value.rpartition("@") if "@" in value else ("", "", value)
    host, dot, ending = rest.rpartition(".")
    options = [
        f"{name}{mark}{host}-bali{dot}{ending}", f"{name}{mark}{host[:-1]}{dot}{ending}", f"{name}{mark}{host}.com",
        f"{name}{mark}{host}s{dot}{ending}", f"{name}{mark}{rest}/promo" if not name else f"info{mark}{rest}",
    ]  # fmt: skip
    return choose.choice(options)


_CORRUPT: dict[str, Callable[[str, random.Random], str]] = {
    "money": _wrong_money, "total": _wrong_money, "time": _wrong_time, "end": _wrong_time, "limit": _wrong_time, "span": _wrong_span,
    "count": _wrong_number, "people": _wrong_number, "num": _wrong_number, "age": _wrong_number, "date": _wrong_date,
    "pct": _wrong_number, "phone": lambda value, choose: value[:5] + _digits(value[5:], choose), "code": _digits, "acct": _digits, "link": _wrong_address, "mail": _wrong_address,
    "day": lambda value, choose: str((int(value) + choose.randrange(1, 7)) % 7),
}  # fmt: skip
