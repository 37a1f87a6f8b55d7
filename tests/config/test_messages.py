"""Indonesian is complete: every text of ours has one, none is a guess, and the marks in it fit."""

import ast
import io
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_python
from babel.messages.pofile import read_po
from django.conf import settings
from django.utils.translation.template import templatize

ROOT = Path(settings.BASE_DIR)
APPS = ["agent", "config", "conversations", "knowledge", "tenants", "whatsapp"]
WORDS: dict[str, tuple[int, ...] | None] = {
    "gettext": None,
    "gettext_lazy": None,
    "gettext_noop": None,
    "_": None,
    "ngettext": (1, 2),
}
CALL = re.compile(r"gettext\(u?(\"(?:[^\"\\]|\\.)*\"|'(?:[^'\\]|\\.)*')")


@pytest.fixture(scope="module")
def catalogue() -> Catalog:
    with (ROOT / "locale/id/LC_MESSAGES/django.po").open("rb") as file:
        return read_po(file, locale="id")


def source(message: Message) -> str:
    return message.id if isinstance(message.id, str) else message.id[0]


def texts_of_code() -> Iterator[tuple[str, Path]]:
    for app in APPS:
        for path in (ROOT / app).rglob("*.py"):
            for found in extract_python(io.BytesIO(path.read_bytes()), WORDS, [], {}):
                text = found[2] if isinstance(found[2], str) else (found[2] or [""])[0]
                if text:
                    yield text, path


def texts_of_templates() -> Iterator[tuple[str, Path]]:
    for path in (ROOT / "templates").rglob("*.html"):
        for match in CALL.finditer(templatize(path.read_text())):
            yield ast.literal_eval(match[1]), path


def test_every_text_of_ours_is_in_the_catalogue(catalogue: Catalog) -> None:
    known = {source(message) for message in catalogue}
    missing = {
        f"{path.relative_to(ROOT)}: {text}"
        for text, path in [*texts_of_code(), *texts_of_templates()]
        if text not in known
    }
    assert not missing, "Run make messages and translate:\n" + "\n".join(sorted(missing))


def test_the_search_for_texts_finds_some() -> None:
    assert len(list(texts_of_code())) > 250
    assert len(list(texts_of_templates())) > 80


def test_no_text_is_empty_or_a_guess(catalogue: Catalog) -> None:
    bad = [source(message) for message in catalogue if message.id and not _done(message)]
    assert not bad


def _done(message: Message) -> bool:
    texts = [message.string] if isinstance(message.string, str) else message.string
    return not message.fuzzy and all(texts)


def test_placeholders_are_the_same_in_both_languages(catalogue: Catalog) -> None:
    mark = re.compile(r"%\(\w+\)[sd]|%[sd]")
    for message in catalogue:
        texts = [message.string] if isinstance(message.string, str) else message.string
        for text in texts if message.id else []:
            assert sorted(mark.findall(text)) == sorted(mark.findall(source(message))), text
