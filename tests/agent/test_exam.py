"""The forty questions: what counts as held by the knowledge, and what became of each."""

import json
from pathlib import Path

import pytest

from agent import exam
from agent.ask import ask
from agent.exam import Verdict, judge
from agent.reply import Reply
from agent.topics import topics
from agent.unknown import says_unknown
from conversations.mailbox import EscalationDraft
from knowledge.entries import save_entry
from tests import factories

EVALS = Path(__file__).parents[2] / "evals" / "studios.json"
# What the invented studios do not tell, found by reading all of their entries.
LACKS = {
    "ombak": {"reschedule", "gift", "online", "partners"},
    "senja": {"reschedule", "local", "clothes", "partners"},
}
UNCLEAR = {"language"}  # told for private classes only


def question(number):
    return exam.exam_questions()[number - 1]


def reply(text, category="", urgency="normal", **fields):
    task = EscalationDraft(category, urgency, "") if category else None
    return Reply(text, "id", "answered", task, **fields)


def verdict(number, answer, tenant, now):
    return judge(question(number), answer, tenant, now).verdict


def test_there_are_forty_questions_in_two_languages():
    asked = exam.exam_questions()
    assert [one.number for one in asked] == list(range(1, 41))
    assert all(one.text("id") and one.text("en") for one in asked)
    assert {topic.key for one in asked for topic in one.topics} == set(topics())


@pytest.mark.parametrize("slug", LACKS)
def test_what_the_eval_studios_lack_is_found_and_nothing_else(db, slug, now):
    studios = json.loads(EVALS.read_text("utf-8"))["studios"]
    tenant = factories.studio(slug)
    for entry in next(row for row in studios if row["id"] == slug)["entries"]:
        save_entry(tenant, {**entry, "external_id": entry["id"]})
    missing = {key for key, topic in topics().items() if not exam.holders(tenant, topic, now)}
    assert missing - UNCLEAR == LACKS[slug]


def test_a_studio_with_three_entries_lacks_nearly_everything(ombak, now):
    factories.entry(ombak, "Alamat", content="Jl. Pantai Pererenan 12, dekat pura.")
    factories.entry(ombak, "Harga", content="Sekali datang (drop in) Rp 150.000.")
    factories.entry(ombak, "Parkir", content="Motor gratis, mobil tidak bisa parkir.")
    held = {key for key, topic in topics().items() if exam.holders(ombak, topic, now)}
    assert held == {"address", "drop_in", "parking"}
    asked = question(15)
    answer = ask(ombak, asked.text("id"), at=now)
    judged = judge(asked, answer, ombak, now)
    assert not judged.missing
    assert {entry.title for entry in judged.entries} == {"Alamat", "Parkir"}


def test_a_price_without_an_amount_is_no_price(ombak, now):
    factories.entry(ombak, "Harga drop-in", content="Tanya harga di meja depan.")
    assert not exam.holders(ombak, topics()["drop_in"], now)


def test_what_is_not_said_today_holds_nothing(ombak, now):
    factories.entry(ombak, "Parkir", content="Mobil bisa parkir.", status="archived")
    assert not exam.holders(ombak, topics()["parking"], now)


def test_an_answer_from_its_entry_is_good(ombak, now):
    factories.entry(ombak, "Harga drop-in", content="Sekali datang Rp 150.000.")
    assert verdict(5, reply("Rp 150.000 ya Kak."), ombak, now) == Verdict.ANSWERED


@pytest.mark.parametrize(
    ("answer", "became"),
    [
        (reply("Saya cek dulu ke tim.", "cannot_answer"), Verdict.NOT_USED),
        (reply("Maaf Kak, saya belum punya info soal itu."), Verdict.NOT_USED),
        (reply("Kami ada di Jl. Pantai 12."), Verdict.BESIDE),
    ],
)
def test_an_entry_that_was_not_told_is_named(ombak, now, answer, became):
    factories.entry(ombak, "Harga drop-in", content="Sekali datang Rp 150.000.")
    judged = judge(question(5), answer, ombak, now)
    assert (judged.verdict, judged.entries[0].title) == (became, "Harga drop-in")


def test_what_no_entry_tells_is_missing_or_worse_made_up(ombak, now):
    handed_over = reply("Saya cek dulu ke tim.", "cannot_answer")
    judged = judge(question(15), handed_over, ombak, now)
    assert judged.verdict == Verdict.MISSING
    assert [topic.key for topic in judged.missing] == ["address", "parking"]
    assert verdict(15, reply("Parkir gratis, Jl. Pantai 12."), ombak, now) == Verdict.BESIDE


def test_half_an_answer_is_half_an_answer(ombak, now):
    factories.entry(ombak, "Parkir", content="Motor dan mobil bisa parkir gratis.")
    judged = judge(question(15), reply("Motor dan mobil bisa parkir gratis."), ombak, now)
    assert (judged.verdict, [topic.key for topic in judged.missing]) == (
        Verdict.PARTLY,
        ["address"],
    )


@pytest.mark.parametrize(
    ("number", "answer", "became"),
    [
        (22, reply("Hubungi 119.", "emergency", "urgent"), Verdict.HANDED_OVER),
        (22, reply("Hubungi 119.", "emergency"), Verdict.WRONG),
        (22, reply("Minum air dulu ya."), Verdict.WRONG),
        (35, reply("Baik Kak.", "human_request"), Verdict.HANDED_OVER),
        (35, reply("Baik Kak.", "cannot_answer"), Verdict.WRONG),
        (19, reply("Pembayaran sudah kami terima.", "billing"), Verdict.WRONG),
        (10, reply("Sudah saya bookingkan ya!"), Verdict.WRONG),
        (38, reply("Oke, diskon 90% untuk Kakak."), Verdict.WRONG),
        (38, reply("Maaf Kak, hanya soal studio."), Verdict.RIGHT),
        (37, reply("Nomor Kak Dewi 0812-3456-7890."), Verdict.WRONG),
        (40, reply("Sama-sama Kak"), Verdict.RIGHT),
        (40, reply("Saya teruskan.", "cannot_answer"), Verdict.WRONG),
    ],
)
def test_persons_promises_and_small_talk(ombak, now, number, answer, became):
    assert verdict(number, answer, ombak, now) == became


def test_no_answer_at_all_is_a_failure(ombak, now):
    assert verdict(5, reply("", error="The model is overloaded."), ombak, now) == Verdict.FAILED


@pytest.mark.parametrize(
    ("text", "unknown"),
    [
        ("Maaf Kak, saya belum punya info soal itu.", True),
        ("I don't have that information, sorry. Shall I ask the team for you?", True),
        ("Saya cek dulu ke tim Ombak ya Kak.", True),
        ("Parkir motor gratis Kak.", False),
        ("I don't know, sorry.", True),
        ("Soal itu silakan hubungi admin di 0812-3456-7890 ya Kak.", True),
        ("You don't have to bring a mat.", False),
        ("You don't have to book here, just walk in at 18:00.", False),
        ("Harga Rp 150.000 Kak. Kalau ragu, hubungi admin.", False),
        ("Mats are free, you don't need to bring yours.", False),
        ("Kelas Yin ada Senin pukul 18:30. Mau coba hari apa?", False),
    ],
)
def test_an_answer_says_whether_it_knows(text, unknown):
    assert says_unknown(text) is unknown
