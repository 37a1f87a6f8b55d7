"""What must not stand in a log in full: phone numbers, keys, pairing codes. Every app may need it."""

import re

_PHONE = re.compile(r"(?<![\w.])\+?(\d{2})\d{4,9}(\d{4})(?=@|\b)")
_SECRET = re.compile(r"\b(sk-|mila_|Bearer\s+)[\w.~+/=-]{4,}")
_DSN = re.compile(r"(\w+://[^:/\s]+:)[^@\s]+@")
_PAIRING = re.compile(r"(linked_devices#)\S+")


def masked(text: str) -> str:
    """`text` without full phone numbers, keys, bearer tokens, database passwords and pairing codes."""
    text = _SECRET.sub(r"\1…", text)
    text = _DSN.sub(r"\1…@", text)
    text = _PAIRING.sub(r"\1…", text)
    return _PHONE.sub(r"\1…\2", text)
