"""Which language a customer writes."""

import json
from pathlib import Path

import pytest

from agent.language import guess, of_customer

QUESTIONS = Path(__file__).parents[2] / "evals" / "questions.jsonl"


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("brp hrg 1x dtg?", "id"),
        ("what time is the sunset class", "en"),
        ("how much for 1 class?", "en"),
        ("alamat studio dimana kak?", "id"),
        ("👍", None),
        ("Bonjour", None),
    ],
)
def test_common_words_tell(text, language):
    assert guess(text) == language


def test_a_message_that_tells_nothing_goes_by_the_one_before():
    assert of_customer("ok 👍", ["halo kak", "what time is it there?"], "id") == "en"
    assert of_customer("👍", [], "id") == "id"


def test_on_the_shipped_questions_no_guess_is_wrong():
    rows = [json.loads(line) for line in QUESTIONS.read_text("utf-8").splitlines()]
    wrong = [
        row["text"]
        for row in rows
        if row["language"] in ("id", "en") and guess(row["text"]) not in (row["language"], None)
    ]
    assert wrong == []
