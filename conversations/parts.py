"""A long text as the few messages that a phone shows well."""

LONG = 1500  # characters; WhatsApp folds away what is longer
MOST = 3


def parts(text: str) -> list[str]:
    """The text in at most three messages, cut between paragraphs; the last one holds the rest."""
    found: list[str] = []
    rest = text
    while len(rest) > LONG and len(found) < MOST - 1:
        cut = _cut(rest)
        found.append(rest[:cut].rstrip())
        rest = rest[cut:].lstrip()
    return [*found, rest]


def _cut(text: str) -> int:
    """Where the first message ends: after a paragraph, else a line, a sentence, a word."""
    for end in ("\n\n", "\n", ". ", " "):
        place = text.rfind(end, LONG // 3, LONG)
        if place > 0:
            return place + len(end)
    return LONG
