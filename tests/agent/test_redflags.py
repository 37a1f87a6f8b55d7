"""The words after which a person must take over."""

import json
import re
import subprocess
import sys
import time
import tomllib
from pathlib import Path

import pytest

from agent import redflags
from conversations.models import Escalation

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


def test_each_phrase_of_the_list_calls_for_what_it_should():
    read = [(row["text"], row["category"], redflags.find(row["text"])) for row in PHRASED]
    assert [each for each in read if bool(each[1]) != bool(each[2])] == []
    serious = ("self_harm", "emergency", "human_request")
    assert [
        flag for _, category, flag in read if flag and category in serious and not flag.fixed
    ] == []


TOLD = tomllib.loads(redflags.WORDS.read_text("utf-8"))
PATTERNS = [
    pytest.param(flag["category"], pattern, id=f"{flag['category']}-{place}")
    for flag in TOLD["flags"]
    for place, pattern in enumerate(flag["patterns"])
]


@pytest.mark.parametrize(("category", "pattern"), PATTERNS)
def test_each_pattern_of_the_file_keeps_its_own_sentences(category, pattern):
    assert set(pattern) == {"match", "calls", "ignores"}
    assert pattern["calls"]
    assert pattern["ignores"]
    own = re.compile(redflags._filled("|".join(pattern["match"]), TOLD))
    for sentence in pattern["calls"]:
        assert any(own.search(reading) for reading in redflags._readings(sentence)), sentence
        flag = redflags.find(sentence)
        assert flag is not None, sentence
        assert flag.category == category, sentence
    for sentence in pattern["ignores"]:
        assert redflags.find(sentence) is None, sentence


def test_the_file_names_only_reasons_that_staff_know():
    assert {flag["category"] for flag in TOLD["flags"]} <= set(Escalation.Category.values)
    assert {flag["urgency"] for flag in TOLD["flags"]} <= set(Escalation.Urgency.values)


def test_a_command_that_answers_nobody_compiles_nothing():
    look = "import agent.redflags as r; assert r.net.cache_info().currsize == 0"
    subprocess.run([sys.executable, "-c", look], check=True)


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
