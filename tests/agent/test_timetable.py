"""The classes of a day, without a model: from the studio's own timetable, or from a person."""

import datetime as dt
import json
from pathlib import Path

import pytest

from agent.ask import ask
from agent.fallback import plain_answer
from agent.reply import Question
from knowledge import asking
from knowledge.lexical import Vocabulary
from knowledge.models import KnowledgeEntry
from tests import factories

MORNING = """**Kelas pagi**

- *Morning Vinyasa* (75 menit): Senin sampai Sabtu pukul **07:00**, guru Made.
- *Hatha* (60 menit): Selasa, Kamis dan Sabtu pukul **09:00**.

Pintu studio dibuka 20 menit sebelum kelas. Pada hari Minggu tidak ada kelas jam 07:00."""
EVENING = """- *Sunset Flow* (60 min): every day at **17:00**.
- *Yin* (75 min): Monday, Wednesday and Friday at **18:30**.

The last class of the evening ends at 19:45 and the gate closes at 20:15."""
SUNDAY = "**Hari Minggu**\n\n- *Slow Flow* pukul **08:30**.\n- *Sunset Flow* pukul **17:00**."
HOLIDAYS = "- *Nyepi*: closed.\n- *25 December*: one class only, at **09:00**."
EVALS = Path(__file__).parents[2] / "evals"


@pytest.fixture
def classes(ombak):
    for title, content in (
        ("Jadwal kelas pagi", MORNING),
        ("Evening timetable", EVENING),
        ("Jadwal hari Minggu", SUNDAY),
        ("Nyepi and other holidays", HOLIDAYS),
    ):
        factories.entry(ombak, title, content=content, category="schedules")
    factories.entry(ombak, "Kelas", content="Semua kelas untuk pemula.", category="classes")
    return ombak


def said(tenant, text, at, language="id"):
    return plain_answer(Question(tenant, text, at), language, [])


def hours(plain):
    """The beginnings of the lines, in their order."""
    return [line.split("_")[1] for line in plain.text.split("\n")[1:]]


TOMORROW = ["Morning Vinyasa", "Hatha", "Sunset Flow"]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("kelas jam berapa besok", TOMORROW),
        ("what time is class tomorrow", TOMORROW),
        ("jadwal besok dong min", TOMORROW),
        ("is there any class left today", ["Sunset Flow", "Yin"]),
        ("jdwl bsk dong kak", TOMORROW),
        ("besok ada kelas apa aja ya?", TOMORROW),
        ("any class tmrw morning b4 9", TOMORROW[:2]),
        ("bsk pagi ada kls ga? yg sblm jam 9", TOMORROW[:2]),
        ("kelas besok sore jam brp", TOMORROW[2:]),
        ("wats the schedule 2day?", ["Sunset Flow", "Yin"]),
        ("kelas hari ini jam berapa aja kak", ["Sunset Flow", "Yin"]),
        ("any class tonight?", ["Sunset Flow", "Yin"]),
        ("kelas lusa jam brp", ["Morning Vinyasa", "Sunset Flow", "Yin"]),
        ("jadwal hari selasa", TOMORROW),
        ("what classes are on this friday evening", ["Sunset Flow", "Yin"]),
        ("is there a class on saturday morning", ["Morning Vinyasa", "Hatha"]),
        ("kelas hari minggu jam berapa", ["Slow Flow", "Sunset Flow"]),
    ],
)
def test_the_hours_of_the_day_are_told(classes, now, text, told):
    plain = said(classes, text, now)
    assert hours(plain) == told
    assert plain.escalation is None


def test_the_day_is_named_as_the_customer_named_it(classes, now):
    text = said(classes, "kelas jam berapa besok", now).text
    assert text.startswith("Kelas rutin besok, Kamis, Kak:\n- _Morning Vinyasa_ (75 menit)")
    english = said(classes, "what time is class tomorrow", now, "en").text
    assert english.startswith("Our regular classes tomorrow, Thursday:\n")


def test_tomorrow_is_counted_on_the_clock_of_the_studio(classes, now):
    past_midnight_in_bali = now.replace(hour=17)
    text = said(classes, "kelas besok jam berapa", past_midnight_in_bali).text
    assert text.startswith("Kelas rutin besok, Jumat, Kak:")


def test_classes_that_are_over_are_not_told_for_today(classes, now):
    assert hours(said(classes, "kelas hari ini", now.replace(hour=9))) == ["Yin"]
    late = said(classes, "kelas hari ini jam berapa", now.replace(hour=13)).text
    assert late.startswith(
        "Kelas rutin hari ini sudah selesai, Kak. Kelas rutin besok, Kamis, Kak:"
    )


@pytest.mark.parametrize("text", ["kelas besok jam berapa", "what time is class tomorrow"])
@pytest.mark.parametrize(
    ("title", "content"),
    [
        ("Jadwal lagi", "- Aerial 12:00"),  # nobody knows on which days
        ("Acara", "Sound Bath pada 19 November, pukul 19:00."),
        ("Kabar", "Kamis tidak ada kelas jam 07:00."),
        ("Kabar", "Kamis tutup."),
    ],
)
def test_what_is_not_certain_is_asked_of_a_person(classes, now, text, title, content):
    factories.entry(classes, title, content=content, category="schedules")
    assert said(classes, text, now).escalation


@pytest.mark.parametrize(
    ("content", "open_again"),
    [
        ("Kami tutup 19 November untuk upacara.", 20),
        ("We close from 17 November to 20 November.", 21),
        ("Tutup sejak 10 November 2026. Buka lagi 12 November 2026, tutup 19-20 November.", 21),
    ],
)
def test_no_class_is_told_of_a_day_that_is_off(classes, now, content, open_again):
    factories.entry(classes, "Upacara", content=content, category="pricing & policies")
    assert said(classes, "kelas besok jam berapa", now).escalation
    later = now + dt.timedelta(days=open_again - 19)
    assert said(classes, "kelas besok jam berapa", later).escalation is None


def test_a_holiday_with_a_fixed_date_is_left_to_people(classes, now):
    eve = dt.datetime(2026, 12, 24, 2, tzinfo=dt.UTC)
    assert said(classes, "kelas besok jam berapa", eve).escalation
    assert "07:00" not in said(classes, "kelas besok jam berapa", eve).text


def test_an_entry_that_is_valid_tomorrow_counts_for_tomorrow(classes, now):
    day = dt.date(2026, 11, 19)
    factories.entry(
        classes, "Tamu", content="- *Aerial*: Kamis 11:00", category="schedules", valid_from=day
    )
    assert "Aerial" in hours(said(classes, "kelas besok jam berapa", now))


def test_without_a_timetable_a_person_answers_and_no_titles_are_listed(ombak, now):
    for title in ("Jadwal pagi", "Jadwal malam"):
        factories.entry(ombak, title, content="Lihat di aplikasi kami.", category="schedules")
    assert said(ombak, "kelas jam berapa besok", now).escalation
    assert said(ombak, "jadwal dong", now).escalation is None


@pytest.mark.parametrize(
    "text",
    [
        "harga kelas besok berapa",
        "yin besok jam berapa",
        "kelas pemula besok",
        "jadwal minggu depan",
    ],
)
def test_other_questions_are_not_answered_with_the_day(classes, now, text):
    assert "Kelas rutin" not in said(classes, text, now).text


@pytest.mark.parametrize(
    "text",
    [
        "apakah kelas besok masih ada tempat",
        "kelas besok penuh ga?",
        "is class cancelled tomorrow?",
        "any spots left in tonight's class?",
    ],
)
def test_what_only_people_know_is_asked_of_them(classes, now, text):
    assert said(classes, text, now).escalation


def test_the_timetable_of_another_studio_is_never_told(classes, senja, now):
    assert "Vinyasa" not in said(senja, "kelas besok jam berapa", now).text


@pytest.mark.parametrize(
    ("studio", "title", "day", "told"),
    [
        ("teratai", "Jadwal mingguan", "kamis", ["08.00", "18.00", "19.30"]),
        ("teratai", "Jadwal mingguan", "minggu", ["Minggu libur"]),
        ("gayatri", "Jadwal mingguan", "rabu", ["Hatha 06.45, Vinyasa 17.45, Yoga Nidra 20.00"]),
        ("skyline", "Class timetable", "tuesday", ["7:00am Slow Flow"]),
        ("harbour", "Weekly timetable", "monday", ["6:15 am", "5:45 pm", "7:15 pm"]),
        ("harbour", "Weekly timetable", "tuesday", ["6:15 am", "12:10 pm", "5:45 pm"]),
        ("harbour", "Weekly timetable", "sunday", ["closed on Sundays"]),
        ("paperbark", "Weekend timetable", "saturday", ["7:30 am with Power"]),
    ],
)
def test_timetables_are_read_as_studios_write_them(ombak, now, studio, title, day, told):
    rows = [
        entry
        for path in EVALS.glob("*studios.json")
        for each in json.loads(path.read_text("utf-8"))["studios"]
        if each["id"] == studio
        for entry in each["entries"]
        if entry["title"] == title
    ]
    factories.entry(ombak, title, content=rows[0]["content"], category="schedules")
    lines = said(ombak, f"kelas hari {day}", now).text.split("\n")[1:]
    assert len(lines) == len(told)
    assert all(words in line for words, line in zip(told, lines, strict=True))


@pytest.mark.parametrize("text", ["jadwal minggu depan", "jadwal minggu ini", "kelas minggu lalu"])
def test_next_week_is_no_sunday(text):
    assert not asking.question(Vocabulary.of([]), text).hard


def test_the_answer_rests_on_the_entries_whose_hours_it_tells(classes):
    at = dt.datetime(2026, 11, 22, 2, tzinfo=dt.UTC)  # a Sunday
    reply = ask(classes, "kelas jam berapa besok", at=at)
    assert "18:30" in reply.text
    titles = {e.reference: e.title for e in KnowledgeEntry.objects.filter(tenant=classes)}
    told = {titles[name] for name in reply.rests_on}
    assert {"Jadwal kelas pagi", "Evening timetable"} <= told
    assert told.isdisjoint({"Kelas", "Nyepi and other holidays"})
