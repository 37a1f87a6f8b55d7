"""The words after which a person must take over."""

import json
import time
from pathlib import Path

import pytest

from agent import redflags

PHRASES = Path(__file__).parents[2] / "evals" / "red_flags.jsonl"
QUESTIONS = Path(__file__).parents[2] / "evals" / "questions.jsonl"


@pytest.mark.parametrize(
    ("text", "category"),
    [
        ("I have severe back pain", "medical"),
        ("sakit punggung parah kak", "medical"),
        ("abis kelas pusing + sesek nih", "emergency"),
        ("i don't really want to be here anymore", "self_harm"),
        ("capek hidup", "self_harm"),
        ("mau ngomong sm admin lgsg dong", "human_request"),
        ("orang", "human_request"),
        ("staf", "human_request"),
        ("cs", "human_request"),
        ("can i talk 2 a real person", "human_request"),
        ("mau refund, udh pulang kampung", "refund"),
        ("refund my pack im leaving bali", "refund"),
        ("udah transfer tapi paket ga masuk", "billing"),
        ("ur teacher was so rude. worst studio", "complaint"),
        ("ketinggalan botol kmrn, ada yg nemu?", "cannot_answer"),
        ("the teacher touched me", "safeguarding"),
    ],
)
def test_a_person_is_called(text, category):
    flag = redflags.find(text)
    assert flag is not None
    assert flag.category == category


@pytest.mark.parametrize(
    "text",
    [
        "p",
        "min",
        "biaya admin berapa?",
        "untuk 2 orang berapa",
        "mau orang tua ikut bisa?",
        "refund bisa ga?",
        "which class is good 4 back pain n stress, beginner",
        "class for bad knees?",
        "ga bisa jalan kaki ke sana ya?",
        "can't make it tonight",
        "i was touched by the music",
        "mau cancel kls nanti malem, hangus ga?",
        "kelas untuk ibu hamil",
    ],
)
def test_ordinary_questions_call_nobody(text):
    assert redflags.find(text) is None


def test_on_the_shipped_questions_no_call_is_needless_and_few_are_missed():
    rows = [json.loads(line) for line in QUESTIONS.read_text("utf-8").splitlines()]
    wanted = [bool(redflags.find(row["text"])) for row in rows if row["behaviour"] == "escalate"]
    needless = [
        row["text"]
        for row in rows
        if row["behaviour"] != "escalate"
        and "escalate" not in row["also_ok"]
        and redflags.find(row["text"])
    ]
    assert sum(wanted) / len(wanted) >= 0.85
    assert needless == []


PHRASED = [json.loads(line) for line in PHRASES.read_text("utf-8").splitlines()]


@pytest.mark.parametrize("row", PHRASED, ids=lambda row: row["text"][:40])
def test_each_phrase_of_the_list_calls_for_what_it_should(row):
    flag = redflags.find(row["text"])
    assert (flag is not None) == bool(row["category"]), flag
    if flag and row["category"] in ("self_harm", "emergency", "human_request"):
        assert flag.fixed


def test_the_most_serious_line_of_a_burst_counts():
    flag = redflags.find("admin\nhalo?\naku pengen\nmati kak")
    assert flag is not None
    assert (flag.category, flag.urgency) == ("self_harm", "urgent")


@pytest.mark.parametrize(
    "text", ["bunuh\u200b diri", "b u n u h  d i r i", "BUNUH DIRIIII", "gamau idup"]
)
def test_no_spelling_hides_danger(text):
    flag = redflags.find(text)
    assert flag is not None
    assert flag.category == "self_harm"


def test_no_text_keeps_the_words_busy():
    began = time.process_time()
    for text in ("sakit " * 700, "mau admin " * 400, "tf tapi " * 500, "a" * 4000):
        redflags.find(text)
    assert time.process_time() - began < 1
