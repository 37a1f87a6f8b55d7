"""Numbers with a unit: lengths, classes, people, weights, ages. Only the standard library."""

import re

_UNIT_WORDS = {
    "span:1": "menit mnt minute minutes min mins",
    "span:60": "jam hour hours hr hrs",
    "span:1440": "hari day days",
    "span:10080": "minggu week weeks pekan mgg",
    "months:1": "bulan bln month months mo",
    "months:12": "tahun thn year years yr yrs yo taun",
    "nights": "malam night nights",
    "count": "kelas kls class classes sesi session sessions kali kalinya x times time pertemuan meeting meetings "
    "visit visits kunjungan practices credits credit kredit pack kelasnya lesson lessons",
    "people": "orang org people person persons peserta participants participant pax murid siswa students student anak kids kid "
    "children child karyawan employees employee pegawai tamu guests guest tempat place places space spaces spot spots seat seats kursi tiket ticket tickets mats matras mat "
    "ibu mothers teman friends adult adults dewasa slot slots",
    "kg": "kg kilo kilogram kilograms",
    "m:1000": "km kilometer kilometers kilometre kilometres",
    "m:1": "meter meters metre metres m",
    "degree": "derajat degrees degree °c °",
    "floor": "floor floors",
}
_UNITS = {word: unit for unit, words in _UNIT_WORDS.items() for word in words.split()}
_UNIT = "|".join(re.escape(word) for word in sorted(_UNITS, key=len, reverse=True))
_NUMBER = r"\d+(?:[.,]\d+)?"
_AGE = re.compile(rf"\b(?:usia|umur|umurnya|age|aged|ages|berusia)\s({_NUMBER})\b(?:\s?(?:-|to|sampai|and|dan)\s?({_NUMBER}))?(?:\s?(?:{_UNIT})\b)?")  # fmt: skip
_NTH = re.compile(
    rf"\b(?:week|minggu(?: ke)?|lantai|floors?|lt\.?)[\s-]({_NUMBER})\b(?:(?:\s?-\s?| (?:dan|and|&|to|until|sampai|hingga|s/d) )({_NUMBER})\b)?"
)
_QUANTITY = re.compile(
    rf"(?<![\w.,])({_NUMBER})(?:st|nd|rd|th)?(?:\s?(?:-|sampai|s/d|hingga|to|or|atau|and|dan|until)\s?({_NUMBER}))?"
    rf"[\s-]?(?:(?!(?:{_UNIT})\b)(?!dan\b|and\b|per\b|x\b|sampai\b|to\b|atau\b|or\b)[a-z'-]+\s){{0,2}}?({_UNIT})(?![a-z])"
)
_HOURS_MINUTES = re.compile(r"(?<![\w.,])(\d{1,2})\s?(?:jam|hours?|hrs?|h)\s?(?:dan |and )?(\d{1,2})\s?(?:menit|mnt|minutes?|mins?|m)\b")  # fmt: skip


# What a studio's text means without a number: “per jam”, “bulanan”, “H-1”. A draft may say “1 jam”, “1 bulan”, “1 hari”.
_SOFT = tuple(
    (fact, re.compile(pattern))
    for fact, pattern in (
        (("span", 60.0), r"\b(?:hour(?:ly)?|(?:per|se|/) ?jam|sejam)\b"),
        (("span", 1440.0), r"\b(?:daily|(?:a|per|one|the) (?:\w+ )?(?:day|night)(?: before)?|sehari|semalam|malam sebelumnya|per hari|h-1)\b"),
        (("span", 10080.0), r"\b(?:weekly|(?:a|per|one) week|seminggu|per minggu|mingguan)\b"),
        (("months", 1.0), r"\b(?:monthly|(?:a|per|one) month|sebulan|per bulan|bulanan)\b"),
        (("months", 12.0), r"\b(?:yearly|annual(?:ly)?|(?:a|per|one) year|setahun|per tahun|tahunan)\b"),
    )
)  # fmt: skip


def soft(text: str) -> frozenset[tuple[str, float]]:
    """Lengths of one unit that a text names without a number."""
    return frozenset(fact for fact, pattern in _SOFT if pattern.search(text))


def hours_and_minutes(text: str) -> tuple[set[tuple[str, float]], str]:
    """“1 jam 15 menit”, before “jam 15” is read as a time."""
    found = {("span", float(int(m[1]) * 60 + int(m[2]))) for m in _HOURS_MINUTES.finditer(text)}
    if not found:
        return found, text
    return found, _HOURS_MINUTES.sub(lambda match: " " * len(match[0]), text)


def quantities(text: str) -> tuple[set[tuple[str, float]], set[float], str]:
    """Numbers with a unit, in one size of it, and as they stand there."""
    found: set[tuple[str, float]] = set()
    raw: set[float] = set()

    def add(unit: str, *values: str | None) -> None:
        kind, _colon, factor = unit.partition(":")
        numbers = [float(value.replace(",", ".")) for value in values if value]
        raw.update(numbers)
        found.update((kind, number * int(factor or 1)) for number in numbers)

    def take(match: re.Match[str]) -> str:
        add(_UNITS[match[3]], match[1], match[2])
        return " " * len(match[0])

    def aged(match: re.Match[str]) -> str:
        add("months:12", match[1], match[2])
        return " " * len(match[0])

    def nth(match: re.Match[str]) -> str:
        add("floor" if match[0][0] in "lf" else "span:10080", match[1], match[2])
        return " " * len(match[0])

    for pattern, taking in ((_AGE, aged), (_NTH, nth), (_QUANTITY, take)):
        text = pattern.sub(taking, text)
    return found, raw, text
