"""A model that states one wrong fact in each answer, through the real SDK: none of it leaves; right answers do.

`python -m benchmarks.corrupted_replies` asks the same a thousand times.
"""

import json
import random
import re
from pathlib import Path

import pytest

from agent.answering import answer
from agent.claude import model_for
from agent.form import whatsapp
from agent.held_back import STOPPED
from agent.reply import Question
from benchmarks.spellings import spelled
from knowledge.models import KnowledgeEntry
from tests.model_server import text

EVALS = Path(__file__).parents[2] / "evals"
ROWS = [json.loads(line) for line in (EVALS / "true_replies.jsonl").read_text("utf-8").splitlines()]
OMBAK = [row for row in ROWS if row["studio"] == "ombak"][::5]
SLOT = re.compile(r"\[(\w+):([^\]]+)\]")
# Values that stand nowhere in the studio's entries.
WRONG = {
    "money": "147000", "total": "147000", "time": "03:20", "end": "03:20", "limit": "03:20", "span": "37m", "count": "17",
    "people": "87", "date": "08-13", "pct": "33", "num": "93", "age": "93", "phone": "6281200007707", "mail": "info@ombak.example",
    "link": "ombak-promo.example",
}  # fmt: skip


@pytest.fixture
def studio(ombak, settings):
    settings.ANTHROPIC_API_KEY = "loopback"
    (row,) = [
        s
        for s in json.loads((EVALS / "studios.json").read_text("utf-8"))["studios"]
        if s["id"] == "ombak"
    ]
    fields = ("title", "category", "content", "language")
    KnowledgeEntry.objects.bulk_create(
        KnowledgeEntry(
            tenant=ombak, external_id=entry["id"], **{name: entry[name] for name in fields}
        )
        for entry in row["entries"]
        if not entry["poisoned"]
    )
    return ombak


def written(row, choose, wrong=None):
    def write(match):
        value = WRONG[match[1]] if match.span() == wrong else match[2]
        return spelled(match[1], value, row["language"], "IDR", choose)

    return SLOT.sub(write, row["reply"])


def test_no_wrong_fact_leaves_and_right_ones_do(studio, now, serve):
    server, choose = serve(), random.Random(7)
    leaked, stopped = [], []
    for row in OMBAK:
        slots = [slot for slot in SLOT.finditer(row["reply"]) if slot[1] in WRONG]
        drafts = [(written(row, choose), False)]
        if slots:
            drafts.append((written(row, choose, choose.choice(slots).span()), True))
        for draft, is_wrong in drafts:
            server.script = [text(draft), text(draft)]
            reply = answer(
                Question(studio, row["question"], now), model_for(studio), context="full"
            )
            left = reply.text == whatsapp(draft)
            if is_wrong and left:
                leaked.append(draft)
            if not is_wrong and reply.error == STOPPED:
                stopped.append((draft, reply.stopped))
    assert leaked == []
    assert stopped == []


def test_the_second_try_may_be_right(studio, now, serve):
    server = serve([text("Sekali datang Rp 140.000."), text("Sekali datang Rp 150.000.")])
    reply = answer(Question(studio, "harga?", now), model_for(studio), context="full")
    assert reply.text == "Sekali datang Rp 150.000."
    assert [held["missing"] for held in reply.stopped] == [["IDR:140000"]]
    assert "IDR:140000" in server.bodies[1]["messages"][-1]["content"]


@pytest.mark.parametrize("told", [True, False])
def test_links_and_accounts_come_from_the_studios_list(studio, now, serve, told):
    studio.public_contacts = "Booking: pesan.example/ombak\nBCA 4455667788 PT Ombak" if told else ""
    draft = "Pesan di pesan.example/ombak, transfer ke BCA 4455667788 ya Kak."
    serve([text(draft), text(draft)])
    asked = "bayar ke 4455667788 lewat pesan.example/ombak ya?"
    reply = answer(Question(studio, asked, now), model_for(studio), context="full")
    assert (reply.text == draft) is told
    assert (reply.error == STOPPED) is not told


ADDRESS = "Jl. Pantai Batu Bolong No. 88B, lantai 2, Canggu, Kuta Utara, Badung"
PLACES = {
    "Alamat kami: {address}. Telepon 0361 900 777 ya Kak 😊": "alamat?",
    "Address: {address}. You can call us at +62 361 900777.": "whats ur address n phone",
    "Kami di {address} Kak.": "lokasinya dmn",
}


@pytest.mark.parametrize("draft", PLACES)
@pytest.mark.parametrize("told", [True, False])
def test_address_and_phone_of_the_settings_may_be_told(studio, now, serve, draft, told):
    if told:
        studio.address, studio.phone = ADDRESS, "+62361900777"
    draft = draft.format(address=ADDRESS)
    server = serve([text(draft), text(draft)])
    reply = answer(
        Question(studio, PLACES[draft.replace(ADDRESS, "{address}")], now),
        model_for(studio),
        context="full",
    )
    assert (ADDRESS in json.dumps(server.bodies[0]["system"])) is told
    assert (reply.text == draft, reply.error == STOPPED) == (told, not told), reply.stopped
