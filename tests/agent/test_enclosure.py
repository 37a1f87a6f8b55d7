"""The file of an entry follows the answer that rests on it: once in each chat, and after the text."""

import pytest

from agent.answering import answer
from agent.reply import Question
from conversations import media
from conversations.attachments import Enclosure, enclose
from conversations.models import MediaFile, Message
from knowledge import attachments, shelf
from tests import factories
from tests.agent.conftest import Serve
from tests.agent.test_answering import FakeModel, says
from tests.agent.test_turns import Clock, step, write
from tests.knowledge.test_attachments import PDF
from tests.model_server import text

PRICES = "Sekali datang Rp 150.000, paket 10 kelas Rp 1.300.000, unlimited sebulan Rp 1.850.000."
SAID = "Sekali datang Rp 150.000, paket 10 kelas Rp 1.300.000 Kak 😊"


@pytest.fixture(autouse=True)
def folder(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    return tmp_path


@pytest.fixture
def clock(now):
    return Clock(now)


@pytest.fixture
def price(ombak):
    entry = factories.entry(ombak, "Harga kelas", content=PRICES, external_id="price")
    factories.entry(ombak, "Alamat", content="Jalan Pantai 12, Pererenan, dekat warung Bu Komang.")
    attachments.attach(entry, PDF, "Daftar harga.pdf")
    shelf.forget()
    return entry


def rows():
    return [
        (row.kind, row.text, row.details.get("file_name"))
        for row in Message.objects.exclude(author="customer").order_by("pk")
    ]


def test_the_file_follows_the_text_once(ombak, price, clock, now, serve: Serve):
    server = serve([text(SAID)] * 3)
    for number, words in enumerate(["harga kelas berapa?", "harga paket berapa kak?"]):
        write(ombak, words, clock.now, f"m{number}")
        step(clock)
    assert rows() == [
        ("text", SAID, None),
        ("document", "", "Daftar harga.pdf"),
        ("text", SAID, None),
    ]
    assert len(server.bodies) == 2  # one call for each question
    assert media.read(MediaFile.objects.get()) == PDF


def test_word_for_word_answers_take_their_file_along(ombak, price, clock, now):
    write(ombak, "berapa harga sekali datang?", now)
    step(clock)
    assert [kind for kind, _text, _name in rows()] == ["text", "document"]


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ("alamatnya di mana kak?", "Jalan Pantai 12, Pererenan, dekat warung Bu Komang."),
        ("halo kak", "Halo Kak! Ada yang bisa dibantu?"),
        ("harga retreat di Sumba?", "Maaf Kak, saya belum tahu soal itu."),
    ],
)
def test_other_answers_take_no_file(ombak, price, now, asked, said):
    reply = answer(Question(ombak, asked, now), FakeModel(says(said)))
    assert (reply.text, reply.file) == (said, None)


def test_who_asks_for_the_price_list_gets_the_file_whatever_the_words(ombak, price, now):
    model = FakeModel(says("Ini daftar harga kelas ya Kak, filenya menyusul."))
    reply = answer(Question(ombak, "boleh minta pricelist harga kelas?", now), model)
    assert reply.file is not None


def test_a_hand_over_takes_no_file(ombak, price, now):
    reply = answer(Question(ombak, "harga kelas berapa? saya mau bicara dengan admin", now), None)
    assert reply.file is None


def test_a_file_that_is_gone_stops_no_answer(ombak, price, clock, now, serve: Serve, folder):
    (folder / price.file.path).unlink()
    serve([text(SAID)])
    write(ombak, "harga kelas berapa?", now)
    step(clock)
    assert rows() == [("text", SAID, None)]


def test_two_answers_at_once_send_it_once(ombak, price, clock, now, serve: Serve):
    serve([text(SAID)])
    write(ombak, "harga kelas berapa?", now)
    step(clock)
    first = Message.objects.get(kind="text", author="assistant")
    file = price.file
    again = Enclosure(str(file.pk), file.path, file.content_type, file.size, file.name)
    assert enclose(first, again) is None
    assert Message.objects.filter(kind="document").count() == 1


def test_a_studio_without_files_pays_nothing_for_them(
    ombak, now, django_assert_num_queries, monkeypatch
):
    factories.entry(ombak, "Harga kelas", content=PRICES)
    asked = Question(ombak, "harga kelas berapa?", now)
    answer(asked, None)
    monkeypatch.setattr("agent.enclosure.lexical.score", pytest.fail)
    with django_assert_num_queries(1):  # which version of the knowledge
        answer(asked, None)


def test_the_model_is_told_which_entry_has_a_file(ombak, price, clock, now, serve: Serve):
    server = serve([text(SAID)])
    write(ombak, "harga kelas berapa?", now)
    step(clock)
    assert 'title="Harga kelas" file="Daftar harga.pdf">' in str(server.bodies[0])
