"""Amounts of money in any spelling and currency. Only the standard library."""

import re

from agent.spoken import AMOUNT

_CODES = {
    "rp": "IDR", "idr": "IDR", "rupiah": "IDR", "perak": "IDR", "a$": "AUD", "au$": "AUD", "aud": "AUD", "us$": "USD",
    "usd": "USD", "s$": "SGD", "sgd": "SGD", "$": "$", "dollar": "$", "dolar": "$", "bucks": "$", "buck": "$", "eur": "EUR", "euro": "EUR",
    "€": "EUR", "£": "GBP", "gbp": "GBP", "rm": "MYR", "myr": "MYR", "ringgit": "MYR", AMOUNT: "",
}  # fmt: skip
_DIGITS = r"\d+(?:[.,]\d+)*"
_BEFORE = re.compile(
    rf"(?:(?<![a-z])(rp\.?|idr|rm|myr|aud|usd|sgd|eur|gbp)|(au\$|us\$|a\$|s\$|\$|€|£))?\s?({AMOUNT})?"
    rf"(?<!\d)({_DIGITS})(?:,-)?(?:\s?(rupiah|perak|dollar|dolar|bucks?|aud|usd|idr|sgd|eur|euro|myr|ringgit)s?\b)?"
)
_READ = re.compile(
    r"\d+|\d{1,3}(?:([.,])\d{3})*(?:[.,]\d{1,2})?|\d+[.,]\d{1,2}|\d{1,3}(?:[.,]\d{3})+"
)
_GROUPED = re.compile(r"\d{1,3}(?:[.,]\d{3})+(?:[.,]\d{1,2})?")


def money(text: str) -> tuple[set[tuple[str, float]], set[str], str]:
    """Amounts, digits that are told as money and are no amount (“Rp 150,0000”), and the rest of the text."""
    found: set[tuple[str, float]] = set()
    unread: set[str] = set()

    def take(match: re.Match[str]) -> str:
        word, sign, amount, digits, after = match.groups()
        code = (word or sign or after or "").rstrip(".")
        grouped = _GROUPED.fullmatch(digits)
        if not (code or amount or grouped):
            return match[0]
        if code and not _READ.fullmatch(digits):
            unread.add(digits)
        else:
            found.add((_CODES.get(code, ""), amount_of(digits)))
        return " " * len(match[0])

    rest = _BEFORE.sub(take, text)
    return found, unread, rest


def amount_of(digits: str) -> float:
    """“1.200.000”, “1,950.00” and “3.20” by value: three digits after a mark are thousands."""
    whole = re.fullmatch(r"(\d+(?:[.,]\d{3})*)(?:[.,](\d{1,2}))?", digits)
    if whole is None:
        return float(re.sub(r"\D", "", digits))
    return float(re.sub(r"\D", "", whole[1])) + (float(f"0.{whole[2]}") if whole[2] else 0)
