"""The words of the libraries whose pages staff see: each has its Indonesian, theirs or ours."""

import ast
import importlib.util
import io
import re
from collections.abc import Iterator
from pathlib import Path

from babel.messages.extract import extract_python
from babel.messages.pofile import read_po
from django.conf import settings
from django.utils.translation.template import templatize
from django.utils.translation.trans_real import translation

CALL = re.compile(r"gettext\(u?(\"(?:[^\"\\]|\\.)*\"|'(?:[^'\\]|\\.)*')")
WORDS: dict[str, tuple[int, ...] | None] = {"gettext": None, "gettext_lazy": None, "_": None}
OURS = Path(settings.BASE_DIR)
UNSEEN = {"command_results.html", "search_results.html"}  # the theme's search is not offered


def theme() -> Path:
    found = importlib.util.find_spec("unfold")
    assert found
    assert found.origin
    return Path(found.origin).parent


def texts() -> Iterator[str]:
    """What the theme says, in its templates that are not replaced by ours, and in its code."""
    for path in (theme() / "templates").rglob("*.html"):
        ours = OURS / "templates" / path.relative_to(theme() / "templates")
        if path.name not in UNSEEN and not ours.exists():
            yield from (ast.literal_eval(m[1]) for m in CALL.finditer(templatize(path.read_text())))
    for path in theme().glob("*.py"):
        for found in extract_python(io.BytesIO(path.read_bytes()), WORDS, [], {}):
            yield found[2] if isinstance(found[2], str) else found[2][0]


def test_every_word_of_the_theme_has_its_indonesian() -> None:
    with (OURS / "locale/id/LC_MESSAGES/django.po").open("rb") as file:
        ours = {m.id if isinstance(m.id, str) else m.id[0] for m in read_po(file, locale="id")}
    theirs = translation("id")
    found = set(texts())
    assert len(found) > 100
    missing = {text for text in found if text and text not in ours and not _known(theirs, text)}
    assert not missing


def _known(catalogue: object, text: str) -> bool:
    """Singular or plural, in the catalogues that come with Django."""
    kept = catalogue._catalog  # type: ignore[attr-defined]
    return any(key in kept for key in (text, (text, 0), (text, 1)))
