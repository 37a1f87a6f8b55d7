"""The four things that everybody tries first, in two studios at once, without a key and with a model; and that
nothing which comes of it holds a word of the other studio."""

import html
import json
import re
import shutil
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.flows.conftest import PASSWORD, ROOT, Staffed, manage, until
from tests.flows.house import LinkedHouse, Program, Visitor, link, words
from tests.model_server import Body, ModelServer, by_rules, search, text
from tests.whatsapp_server.api import LocalRig
from tests.whatsapp_server.client import Customer

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("hand tests")]

NUMBERS = {"ombak": "6281200001101", "senja": "6281200002202"}
OTHER = {"ombak": "senja", "senja": "ombak"}
QUESTIONS = {
    "ping": "!ping",
    "classes": "!test What classes do you offer?",
    "price": "!test Berapa harga membership?",
    "pain": "!test I have severe back pain",
}
# What each studio's own entries call these things.
CLASSES = {
    "ombak": ["Vinyasa", "Hatha Lembut", "Yin & Unwind", "Aerial", "Sound Bath"],
    "senja": ["Power Vinyasa", "Hatha Dasar", "Yin & Restore", "Mat Pilates", "Prenatal"],
}
MONTH = {"ombak": "Rp 1.850.000", "senja": "Rp 1.950.000"}
# Pages without which a walk proves nothing.
MATTER = {
    "admin/",
    "admin/whatsapp/",
    "admin/playground/",
    "admin/playground/why/*/",
    "admin/conversations/conversation/",
    "admin/conversations/conversation/*/change/",
    "admin/conversations/escalation/",
    "admin/knowledge/knowledgeentry/",
    "admin/knowledge/knowledgeentry/*/change/",
}
STUDIOS = {
    studio["id"]: studio
    for studio in json.loads((ROOT / "evals/studios.json").read_text())["studios"]
}


@dataclass
class Tried:
    """Both studios after everybody has written and was answered."""

    house: LinkedHouse
    tokens: dict[str, str]
    model: ModelServer | None
    answers: dict[tuple[str, str], list[str]] = field(default_factory=dict)
    pages: dict[str, dict[str, str]] = field(default_factory=dict)

    def answer(self, slug: str, question: str) -> str:
        [text] = self.answers[slug, question]
        return text

    def owner(self, slug: str) -> Visitor:
        visitor = Visitor(self.house)
        visitor.log_in(PASSWORD, f"owner-{slug}")
        return visitor

    def pages_of(self, slug: str) -> dict[str, str]:
        """Every page that the studio's owner reaches by links, by address."""
        if slug not in self.pages:
            self.pages[slug] = walked(self.owner(slug))
        return self.pages[slug]

    def escalations(self, slug: str, question: str) -> list[str]:
        query = """SELECT e.category FROM conversations_escalation e
            JOIN tenants_tenant t ON t.id = e.tenant_id
            JOIN conversations_message m ON m.conversation_id = e.conversation_id
            WHERE t.slug = ? AND m.author = 'customer' AND m.text = ?"""
        asked = QUESTIONS[question].removeprefix("!test ")
        return [row[0] for row in self.house.rows(query, slug, asked)]


@pytest.fixture(scope="module", params=["without a key", "with a model"])
def tried(
    request: pytest.FixtureRequest, staffed: Staffed, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Tried]:
    folder = tmp_path_factory.mktemp("tried") / "data"
    shutil.copytree(staffed.folder, folder)
    with ExitStack() as stack:
        rig, model, settings = stack.enter_context(LocalRig()), None, {}
        if request.param == "with a model":
            model = stack.enter_context(ModelServer(rules=names_classes))
            settings = {"ANTHROPIC_BASE_URL": model.url}
            give_keys(folder)
        house = LinkedHouse(rig, folder, **settings)
        stack.callback(house.close)
        house.start()
        house.wait_until_served()
        tried = Tried(house, staffed.tokens, model)
        write_everything(tried)
        yield tried


def names_classes(request: Body) -> Body:
    """As by the server's rules; but asked for the classes it looks for several and names what it was shown."""
    said = plain(request["messages"])
    if QUESTIONS["classes"].removeprefix("!test ") not in said:
        return by_rules(request)
    titles = re.findall(
        r'<entry [^>]*title="([^"]*)"', plain(request["messages"][-1]).replace('\\"', '"')
    )
    if "tool_result" not in said:
        return search("yoga classes and levels", "apa itu kelas hatha, yin, vinyasa")
    return text("We offer: " + ", ".join(html.unescape(title) for title in titles))


def give_keys(folder: Path) -> None:
    """Each studio its own key: it tells whose request the model got."""
    for slug in NUMBERS:
        key = folder.parent / f"key-of-{slug}"
        key.write_text(key.name)
        manage(folder, "updatetenant", slug, "--anthropic-key", str(key))


def write_everything(tried: Tried) -> None:
    """The same four customers write the same to both studios."""
    rig = tried.house.rig
    names = zip(("Ani", "Tom", "Rina", "Kate"), QUESTIONS, strict=True)
    people = {
        question: rig.customer(f"62811100000{place}", name)
        for place, (name, question) in enumerate(names)
    }
    for slug, number in NUMBERS.items():
        phone = rig.number(number, slug.title())
        link(Program(tried.house, tried.tokens[slug]), phone, slug)
        for question, customer in people.items():
            customer.send(phone, QUESTIONS[question])
    for question, customer in people.items():
        tried.answers |= inbox_of(customer, question)
    unsent = (
        "SELECT count(*) FROM conversations_message WHERE state IN ('new', 'queued', 'sending')"
    )
    until(lambda: tried.house.value(unsent) == 0, 20, "nothing more to send")


def inbox_of(customer: Customer, question: str) -> dict[tuple[str, str], list[str]]:
    received = customer.expect(len(NUMBERS), 40)
    return {
        (slug, question): [one["text"] for one in received if one["number"] == number]
        for slug, number in NUMBERS.items()
    }


def walked(visitor: Visitor, alike: int = 6) -> dict[str, str]:
    """All pages behind the links of Home; of pages that differ by a key alone, the first few."""
    pages: dict[str, str] = {}
    seen: Counter[str] = Counter()
    queue = ["admin/", "admin/playground/"]
    while queue:
        address = queue.pop(0)
        if address in pages or "logout" in address or seen[kind(address)] >= alike:
            continue
        seen[kind(address)] += 1
        pages[address] = html.unescape(visitor.open(address))
        queue += re.findall(r"""(?:href|hx-get)=["']/(admin/[^"'?#]*)""", pages[address])
    return pages


def kind(address: str) -> str:
    """The address without keys."""
    return re.sub(r"/(?:[0-9a-f-]{36}|\d+)(?=/)", "/*", address)


def leaks(text: str, slug: str) -> list[str]:
    """Words and prices in `text` that only the studio `slug` has."""
    markers = STUDIOS[slug]["leak_markers"]
    plain = text.replace("\N{NO-BREAK SPACE}", " ")
    return [
        marker
        for marker in (*markers["names"], *markers["amounts"])
        if re.search(rf"(?<!\w){re.escape(marker)}(?![.\d]*\d|\w)", plain)
    ]


both = pytest.mark.parametrize("slug", NUMBERS)


@both
def test_ping_is_answered(tried: Tried, slug: str) -> None:
    assert tried.answer(slug, "ping") == "pong"


@both
def test_what_classes_do_you_offer_gets_classes_of_this_studio(tried: Tried, slug: str) -> None:
    answer = tried.answer(slug, "classes")
    assert [name for name in CLASSES[slug] if name in answer], answer
    assert tried.escalations(slug, "classes") == []


@both
def test_the_price_is_told_in_indonesian_and_is_this_studios(tried: Tried, slug: str) -> None:
    answer = words(tried.answer(slug, "price"))
    assert MONTH[slug] in answer
    assert re.search(r"\b(kelas|berlaku|hari|bulan)\b", answer)
    assert not re.search(r"\b(the|here|class|valid|month)\b", answer, re.IGNORECASE), answer
    assert tried.escalations(slug, "price") == []


@both
def test_pain_gets_a_kind_sentence_and_one_escalation_that_staff_see(
    tried: Tried, slug: str
) -> None:
    answer = tried.answer(slug, "pain")
    assert re.search(r"\bteam\b", answer), answer
    assert "Kak" not in answer
    assert tried.escalations(slug, "pain") == ["medical"]
    [page] = [
        page
        for address, page in tried.pages_of(slug).items()
        if address == "admin/conversations/escalation/"
    ]
    assert words(page).count("Medical question: ") == 1


@both
def test_no_page_of_one_studio_holds_a_word_of_the_other(tried: Tried, slug: str) -> None:
    pages = tried.pages_of(slug)
    assert {kind(address) for address in pages} >= MATTER
    shown = {address: leaks(page, OTHER[slug]) for address, page in pages.items()}
    assert not any(shown.values()), shown
    assert len(set(leaks(" ".join(pages.values()), slug))) > 10, "its own words are on its pages"


@both
def test_the_addresses_of_one_studios_pages_show_the_other_nothing(tried: Tried, slug: str) -> None:
    owner = tried.owner(slug)
    theirs = [address for address in tried.pages_of(OTHER[slug]) if kind(address) != address]
    assert len(theirs) > 20
    for address in theirs:
        page = html.unescape(owner.open(address))
        assert leaks(page, OTHER[slug]) == [], address


@both
def test_no_answer_of_the_api_or_to_a_customer_holds_a_word_of_the_other(
    tried: Tried, slug: str
) -> None:
    program, other = (Program(tried.house, tried.tokens[each]) for each in (slug, OTHER[slug]))
    entries = program.get("api/knowledge?limit=500")[1]
    told = [entries, *(program.get(f"api/{path}")[1] for path in ("tenants", "openapi.json"))]
    told += [program.get(f"api/whatsapp/{path}")[1] for path in ("status", "qr")]
    told += [program.get(f"api/knowledge/{entries['items'][0]['id']}")[1]]
    told += [tried.answer(slug, question) for question in QUESTIONS]
    assert leaks(plain(told), OTHER[slug]) == []
    assert len(leaks(plain(told), slug)) > 10
    key = other.get("api/knowledge")[1]["items"][0]["id"]
    for path in ("knowledge", "whatsapp/status", "whatsapp/qr", "tenants"):
        assert program.get(f"api/{path}?tenant={OTHER[slug]}")[0] == 404
    refused = program.get(f"api/knowledge/{key}")
    assert refused[0] == 404
    assert leaks(plain(refused), OTHER[slug]) == []


@both
def test_no_request_to_the_model_holds_a_word_of_the_other(tried: Tried, slug: str) -> None:
    if tried.model is None:
        pytest.skip("no model, no requests")
    keys = {request.headers["authorization"] for request in tried.model.requests}
    assert keys == {f"Bearer key-of-{each}" for each in NUMBERS}
    bodies = [
        r.body
        for r in tried.model.requests
        if r.headers["authorization"] == f"Bearer key-of-{slug}"
    ]
    assert len(bodies) >= 4
    assert leaks(plain(bodies), OTHER[slug]) == []
    assert OTHER[slug] not in plain(bodies).lower()
    assert leaks(plain(bodies), slug)


def plain(told: Any) -> str:
    return json.dumps(told, ensure_ascii=False)
