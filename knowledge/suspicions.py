"""What makes an entry wait for a person before customers are told of it: orders to the assistant, what nobody sees,
secrets, and ways to pay that no other entry names."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from knowledge import hidden
from knowledge.orders import order

Kind = Literal[
    "order", "hidden", "remark", "disguised", "secret", "asks_secret", "card", "account", "link"
]
QUOTED = 100  # characters of the entry in a reason


@dataclass(frozen=True)
class Suspicion:
    """One reason, with the words of the entry that gave it."""

    kind: Kind
    words: str


def suspicions(text: str, others: Iterable[str] = (), name: str = "") -> list[Suspicion]:
    """Every reason to ask a person about this text. `others` is what the studio says elsewhere, already trusted; `name`
    what its assistant is called."""
    return [Suspicion(kind, words[:QUOTED]) for kind, words in _found(text, others, name)]


def _found(text: str, others: Iterable[str], name: str) -> Iterator[tuple[Kind, str]]:
    if characters := hidden.invisible(text):
        yield "hidden", ", ".join(characters[:8])
    if remarks := hidden.remarks(text):
        yield "remark", remarks[0]
    if mixed := hidden.disguised(text):
        yield "disguised", ", ".join(mixed[:5])
    plain = hidden.revealed(text)
    if words := order(plain, name):
        yield "order", words
    yield from _secrets(text, plain)
    yield from _payments(text, others)


# Secrets ---------------------------------------------------------------------------------------

_CODE = r"(?:otp|one[- ]time (?:codes?|passwords?|pins?)|kode verifikasi|verification codes?|pin (?:atm|bca|bank|kartu)|cvv|cvc|kode otp)"
_GIVE = r"(?:send|give|share|tell us|forward|reply with|enter|ask|provide|kirim\w*|mengirim\w*|beri\w*|berikan|minta|sebut\w*|masuk\w*|teruskan|bagikan|balas)"
_NEVER = r"\b(?:never|not|don't|won't|tidak|jangan|takkan|bukan|tak)\b"
_ASKS = re.compile(rf"\b{_GIVE}\b[^.!?\n]{{0,60}}\b{_CODE}|\b{_CODE}[^.!?\n]{{0,40}}\b{_GIVE}\b")
_KEY = re.compile(
    r"\b(?:sk|pk|rk)[-_](?:ant|live|test|proj)?[-_]?[A-Za-z0-9_-]{16,}|\bmila_[a-z0-9]{8}_[\w-]{20,}|\bAKIA[0-9A-Z]{16}\b"
    r"|\bgh[pousr]_[A-Za-z0-9]{30,}|-----BEGIN [A-Z ]*PRIVATE KEY-----|\beyJ[\w-]{10,}\.[\w-]{10,}\.[\w-]{10,}"
)
_PASSWORD = re.compile(
    r"\b(?:password|passwort|passcode|kata sandi|sandi|user ?name|login|pin)\b(?: \w+){0,2}\s*[:=]\s*(?=\S*[\d!@#$%^&])\S{4,}"
)
_FOR_GUESTS = re.compile(
    r"wi-?fi|wlan|hotspot|ssid|internet|zoom|meeting|gate|gerbang|pintu|locker"
)
_CARD = re.compile(r"(?<![\d.,+])(?:\d[ -]?){12,18}\d(?![\d.,])")


def _secrets(text: str, plain: str) -> Iterator[tuple[Kind, str]]:
    for sentence in re.split(r"(?<=[.!?\n])\s*", plain):
        if (asked := _ASKS.search(sentence)) and not re.search(_NEVER, sentence[: asked.end()]):
            yield "asks_secret", asked[0]
            break
    if key := _KEY.search(text):
        yield "secret", f"{key[0][:8]}…"
    for line in plain.splitlines():
        if (found := _PASSWORD.search(line)) and not _FOR_GUESTS.search(line):
            yield "secret", re.split(r"[:=]", found[0])[0].strip()
            break
    for number in _CARD.findall(text):
        digits = re.sub(r"\D", "", number)
        if digits[0] in "3456" and _is_card(digits):
            yield "card", f"…{digits[-4:]}"
            break


def _is_card(digits: str) -> bool:
    """Luhn's sum."""
    doubled = [int(d) * 2 if place % 2 else int(d) for place, d in enumerate(reversed(digits))]
    return len(set(digits)) > 1 and sum(d - 9 if d > 9 else d for d in doubled) % 10 == 0


# Ways to pay -----------------------------------------------------------------------------------

_BANK = r"(?:rekening|no\.? ?rek\w*|norek|account|acc\.? no|a/n|atas nama|bca|bni|bri|bsi|mandiri|permata|cimb|danamon|jago|seabank|ocbc|virtual account|\bva\b|iban|bsb|swift|transfer|bank|wallet|gopay|ovo|dana|shopeepay|paypal)"
_OWNER = r"\b(?:rekening|no\.? ?rek\w*|norek|account(?: (?:no|number))?|acc\.? no|bca|bni|bri|bsi|mandiri|permata|cimb|danamon|jago|seabank|ocbc|btn|mega|maybank|virtual account|va|go-?pay|ovo|dana|shopee ?pay|link ?aja|e-?wallet)\b"
# A number behind these is one to call, whatever stood before them.
_CALLS = r"(?:wa\b|whatsapp|tel\w*|phone|call|chat|hub\w*|kontak|contact|kirim|send|konfirmasi|confirm|admin|bukti|hp\b)"
_NUMBER = re.compile(r"(?<![\d+.,/])(?:\d[ .-]?){6,18}\d(?![\d/])")
_BESIDE = re.compile(
    rf"{_OWNER}(?P<between>(?:(?!{_CALLS})[^\d\n]){{0,40}})(?P<number>\+?(?:\d[ .-]?){{7,18}}\d)(?![\d/])"
)
_BELOW = re.compile(
    rf"(?:{_OWNER}|\btransfer\b)(?:(?!{_CALLS})[^\d\n]){{0,60}}\n+[^\w\n]*(?:(?:no\.?|nomor|number|nr\.?|acc\w*|rek\w*|a/n|an\.)[^\d\n]{{0,30}})?(?P<number>\+?(?:\d[ .-]?){{7,18}}\d)(?![\d/])(?!.{{0,30}}\b{_CALLS})"
)
_PHONE = re.compile(r"^(?:0|62|61)[0-9]{8,13}$")
_PAY = re.compile(
    r"\b(?:pay|payment|deposit|fee|checkout|invoice|bayar|pembayaran|transfer|dp|biaya|topup|top up)\b"
)
# In a line that speaks of paying, any word with a dot and an ending may be an address: new endings come every year.
_ADDRESS = re.compile(
    r"(?<![a-z0-9.-])(?:https?://)?(?:www\.)?((?:[a-z0-9-]{1,63}\.){1,5}[a-z]{2,24})\b(/[^\s)>\]]*)?"
)
_KNOWN_ENDING = re.compile(
    r"\.(?:com|id|net|org|info|example|me|io|co|app|ly|gl|gle|ee|link|shop|store|site|online|biz|xyz|page|au|sg|top|click|pay|gg|ru|cn|dev|ai|yoga|studio|club|fit|life|live|pro|vip|win|icu|cc|tk|to|tv|us|uk|my|ph|th|cloud|tech|website|space|fun|asia|promo|money|cash|finance|bank)$"
)
# Anybody may have a page there: not the host says whose it is, but what stands behind it.
_SHORTENERS = frozenset(
    {
        "bit.ly",
        "s.id",
        "tinyurl.com",
        "goo.gl",
        "t.ly",
        "cutt.ly",
        "is.gd",
        "forms.gle",
        "linktr.ee",
    }
    | {
        "docs.google.com",
        "forms.office.com",
        "lynk.id",
        "beacons.ai",
        "rb.gy",
        "shorturl.at",
        "t.me",
    }
)


def _payments(text: str, others: Iterable[str]) -> Iterator[tuple[Kind, str]]:
    """Account numbers and payment addresses that differ from those that the studio has told so far."""
    accounts, links = _accounts(text), _links(text)
    if not accounts and not links:
        return
    told = list(others)
    known = set().union(*map(_accounts, told))
    if new := accounts - known if known else set():
        yield "account", ", ".join(sorted(new))
    hosts = {link for other in told for link in _hosts(other.lower())}
    strange = links - hosts
    if strange and (hosts or any(host.partition("/")[0] in _SHORTENERS for host in strange)):
        yield "link", ", ".join(sorted(strange))


def _accounts(text: str) -> set[str]:
    """Account numbers, digits only: beside a bank's or wallet's name or on the line below it whatever they begin with,
    and those that are no phone's anywhere in a line that speaks of an account."""
    low = text.lower()
    plain = "\n".join(map(_money_out, low.splitlines()))
    found = {
        _digits(each["number"]) for pattern in (_BESIDE, _BELOW) for each in pattern.finditer(plain)
    }
    for line in plain.splitlines():
        if re.search(_BANK, line):
            numbers = map(_digits, _NUMBER.findall(line))
            found |= {number for number in numbers if len(number) >= 8 and not _PHONE.match(number)}
    return found


def _digits(number: str) -> str:
    """Of one form: +62 812 and 0812 are the same wallet."""
    digits = re.sub(r"\D", "", number)
    return f"0{digits[2:]}" if re.match(r"628\d{8}", digits) else digits


def _money_out(line: str) -> str:
    return re.sub(r"(?:rp\.?|idr|\$|aud)\s?[\d.,]+|\b\d{1,3}(?:\.\d{3})+\b", " ", line)


def _links(text: str) -> set[str]:
    """Addresses in a line that speaks of paying."""
    lines = [line for line in text.lower().splitlines() if _PAY.search(line)]
    return {link for line in lines for link in _hosts(line)}


def _hosts(line: str) -> set[str]:
    found = set()
    for match in _ADDRESS.finditer(line):
        host, path = match[1], match[2] or ""
        if not path and not _KNOWN_ENDING.search(host):
            continue  # “kak.besok”
        if match.start() and line[match.start() - 1] == "@":
            found.add(host)  # of a mailbox: known, and never itself a way to pay
            continue
        found.add(host + path.rstrip(".,;!") if host in _SHORTENERS else host)
    return found
