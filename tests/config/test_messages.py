"""Indonesian is complete: every text of ours has one, none is a guess, and the marks in it fit."""

import ast
import io
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_python
from babel.messages.pofile import read_po
from django.conf import settings
from django.test import Client
from django.utils.translation.template import templatize

from tenants.models import Tenant
from tests import factories
from tests.config.rows import one_of_everything

ROOT = Path(settings.BASE_DIR)
APPS = [
    *("agent", "config", "conversations", "knowledge", "notices", "reports", "tenants"),
    "whatsapp",
]
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


@cache
def texts_of_code() -> list[tuple[str, Path]]:
    return list(_texts_of_code())


def _texts_of_code() -> Iterator[tuple[str, Path]]:
    for app in APPS:
        for path in (ROOT / app).rglob("*.py"):
            source = path.read_bytes()
            if b"gettext" not in source:
                continue  # whatever calls one of the words imports it
            for found in extract_python(io.BytesIO(source), WORDS, [], {}):
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
    assert len(texts_of_code()) > 250
    assert len(list(texts_of_templates())) > 80


def test_no_text_is_empty_or_a_guess(catalogue: Catalog) -> None:
    bad = [source(message) for message in catalogue if message.id and not _done(message)]
    assert not bad


def _texts(message: Message) -> list[str]:
    return [message.string] if isinstance(message.string, str) else list(message.string or [""])


def _done(message: Message) -> bool:
    return not message.fuzzy and all(_texts(message))


def test_placeholders_are_the_same_in_both_languages(catalogue: Catalog) -> None:
    mark = re.compile(r"%\(\w+\)[sd]|%[sd]")
    for message in catalogue:
        for text in _texts(message) if message.id else []:
            assert sorted(mark.findall(text)) == sorted(mark.findall(source(message))), text


# The same word in both languages.
SAME = {
    "status",
    "model",
    "mode",
    "whatsapp",
    "studio",
    "editor",
    "token",
    "api",
    "platform",
    "tokens",
    "",
}
NAMES = re.compile(r"kata|ombak|root|english|bahasa|\d\d:\d\d|^\d+ [a-z]{3}$|^us\$$")
HEADINGS = re.compile(r"<(th|label|h1|h2|button|dt)\b[^>]*>(.*?)</\1>", re.DOTALL)
PAGES = [
    "/admin/",
    "/admin/playground/",
    "/admin/whatsapp/",
    "/admin/conversations/conversation/",
    "/admin/conversations/escalation/",
    "/admin/conversations/customer/",
    "/admin/conversations/message/",
    "/admin/knowledge/knowledgeentry/",
    "/admin/knowledge/knowledgeentry/add/",
    "/admin/knowledge/knowledgecategory/",
    "/admin/agent/turn/",
    "/admin/team/",
    "/admin/account/",
    "/admin/account/second-factor/",
    "/admin/tenants/deed/",
    "/admin/tenants/apitoken/",
    "/admin/tenants/apitoken/add/",
    "/admin/whatsapp/whatsappaccount/",
    "/admin/notices/",
    "/admin/notices/mine/",
    "/admin/reports/",
    "/admin/platform/",
    "/admin/platform/health/",
    "/admin/platform/usage/",
    "/admin/studio/settings/",
]


def headings(client: Client, address: str, language: str) -> set[str]:
    """What stands in headings, labels and buttons, without icons and names."""
    client.cookies["django_language"] = language
    page = client.get(address, follow=True).content.decode()
    page = re.sub(
        r'<span[^>]*material-symbols[^>]*>.*?</span>|data-fill=".*?</button>',
        "",
        page,
        flags=re.DOTALL,
    )
    texts = (re.sub(r"<[^>]+>", " ", found[2]) for found in HEADINGS.finditer(page))
    return {" ".join(text.split()).lower().rstrip(" *") for text in texts}


def test_no_heading_stays_english(client: Client, ombak: Tenant) -> None:
    one_of_everything(ombak, "Kata")
    client.force_login(factories.platform_admin("root"))
    client.post("/admin/studio/choose/", {"studio": str(ombak.pk)})
    english = {address: left for address in PAGES if (left := _left(client, address))}
    assert not english


def _left(client: Client, address: str) -> set[str]:
    """What reads the same in both languages and is no word that does."""
    both = headings(client, address, "en") & headings(client, address, "id")
    words = {text for text in both if not re.fullmatch(r"[\W\d]*", text)}
    return {text for text in words if not NAMES.search(text)} - SAME
