"""What a reader of an entry does not see but a model reads: invisible characters, remarks in the markup, letters of
other alphabets that look like ours. And the text as it reads without such tricks."""

import base64
import binascii
import re
import unicodedata

_INVISIBLE = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\u2800\u3164"
    "\ufe00-\ufe0d\ufeff\uffa0\ufff9-\ufffb\U000e0000-\U000e0fff\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]"
)
# Where people's own phones put such characters: in emoji of several parts, in flags of regions, before the text, and
# around a number that was copied from the contacts.
_USUAL = (
    re.compile("(?<=[\u2190-\u2bff\ufe0f\U0001f000-\U0001faff])\u200d(?=[\u2190-\u2bff\U0001f000-\U0001faff])"),
    re.compile("(?<=\U0001f3f4)[\U000e0061-\U000e007a]{3,6}\U000e007f"),
    re.compile("^\ufeff"),
    re.compile("[\u202a\u202d\u2066\u2068](?=\\+?[\\d \u00a0()\u2010-\u2013-]{5,20}[\u202c\u2069])"),
    re.compile("(?<=\\d)[\u202c\u2069]"),
)  # fmt: skip
_REMARKS = (
    re.compile(r"<!--.*?(?:-->|\Z)", re.DOTALL),
    re.compile(r"^\[(?://|comment|_)\]:\s*(?:#|<>|<#>).*$", re.IGNORECASE | re.MULTILINE),
    re.compile(
        r"<[a-z]+[^<>]{0,200}(?:display\s*:\s*none|visibility\s*:\s*hidden|font-size\s*:\s*0|\bhidden\b)[^<>]{0,200}>",
        re.IGNORECASE,
    ),
    re.compile(r"<\s*(?:script|style|iframe|template|object)\b[^<>]{0,200}>", re.IGNORECASE),
)
# Cyrillic and Greek letters that look like Latin ones.
_TWINS = str.maketrans(
    "\u0430\u0435\u043e\u0440\u0441\u0443\u0445\u0456\u0458\u0455\u043a\u043c\u0442\u043d\u0432\u0501\u051b\u0261"
    "\u03b1\u03b5\u03bf\u03c1\u03c5\u03b9\u03ba\u03bd\u03c4",
    "aeopcyxijskmthbdqgaeopuikvt",
)
# Digits and marks that stand for letters inside a word: “ign0re”.
_LEET = str.maketrans("0134578@$!", "oieastbasi")
_DRESSED = re.compile(r"(?<![\w.@])(?=[\w@$!]*[a-z][a-z])[a-z@$!]*[0134578@$!][\w@$!]*[a-z]\w*")
_WORD = re.compile(r"[^\W\d_]+")
_SPACED = re.compile(r"(?<![^\W\d_])(?:[^\W\d_][ .\-_*]){2,}[^\W\d_](?![^\W\d_])")
_CODED = re.compile(r"(?<![\w/+=-])[A-Za-z0-9+/]{24,}={0,2}(?![\w/+=-])")


def invisible(text: str) -> list[str]:
    """The characters that nobody sees, each once, as U+200B."""
    for usual in _USUAL:
        text = usual.sub("", text)
    found = dict.fromkeys(_INVISIBLE.findall(text))
    return [f"U+{ord(char):04X}" for char in found]


def remarks(text: str) -> list[str]:
    """What the page does not show: comments and hidden elements of the markup."""
    return [match[0] for pattern in _REMARKS for match in pattern.finditer(text)]


def disguised(text: str) -> list[str]:
    """Words that mix the alphabet with letters of another one that look the same."""
    return [word for word in _WORD.findall(text) if len(_alphabets(word)) > 1]


def revealed(text: str) -> str:
    """The text as a model may read it: in small plain letters, with what was hidden or taken apart beside it."""
    tags = "".join(chr(ord(c) - 0xE0000) for c in text if 0xE0020 <= ord(c) <= 0xE007E)
    seen = unicodedata.normalize("NFKC", _INVISIBLE.sub("", text)).casefold().translate(_TWINS)
    seen = seen.replace("\u2019", "'").replace("\u2018", "'")
    lines = _tidy(seen)
    forms = [lines, re.sub(r"(?<=[\w,])\n(?=\w)", " ", lines)]
    if _SPACED.search(seen):
        forms.append(_tidy(_joined(seen)))
    if _DRESSED.search(lines):
        forms.append(_DRESSED.sub(lambda word: word[0].translate(_LEET), lines))
    return "\n".join(dict.fromkeys([*forms, tags.casefold(), *_decoded(text)]))


def _tidy(text: str) -> str:
    """Without the marks of Markdown, with single spaces."""
    return re.sub(r"\s*\n\s*", "\n", re.sub(r"[^\S\n]+", " ", re.sub(r"[*_~`]", "", text)))


def _joined(text: str) -> str:
    """The text with its spaced-out words in one piece: two spaces end a word there."""
    words = re.split(r" {2,}", text)
    return " ".join(
        _SPACED.sub(lambda match: re.sub(r"[\W_]", "", match[0]), word) for word in words
    )


def _decoded(text: str) -> list[str]:
    """Sentences in base64."""
    texts = []
    for code in _CODED.findall(text):
        try:
            words = base64.b64decode(code + "=" * (-len(code) % 4)).decode("ascii")
        except (binascii.Error, UnicodeDecodeError):
            continue
        if words.isprintable() and " " in words:
            texts.append(words.casefold())
    return texts


def _alphabets(word: str) -> set[str]:
    names = {unicodedata.name(char, "").partition(" ")[0] for char in word}
    return names & {"LATIN", "CYRILLIC", "GREEK"}
