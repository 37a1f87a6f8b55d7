"""How answers are judged."""

import subprocess
import sys
from pathlib import Path

import pytest

from agent.evaluation import (
    BadLineError,
    Scores,
    form_problems,
    has_fact,
    language,
    leaks,
    questions,
)

EVALS = Path(__file__).parents[2] / "evals"


@pytest.mark.parametrize(
    ("fact", "text", "holds"),
    [
        ("Rp 150.000", "sekali datang 150rb ya kak", True),
        ("Rp 150.000", "It is IDR 150,000 per class", True),
        ("Rp 1.550.000", "cuma 1,55 jt kak", True),
        ("Rp 150.000", "Rp 1.150.000", False),
        ("17:00", "setiap hari jam 5 sore", True),
        ("17:00", "pukul 17.00 WITA", True),
        ("17:00", "at 5 am", False),
        ("$28", "28 dollars", True),
        ("4 hours|4 jam", "Gratis sampai 4 jam sebelumnya", True),
        ("10%", "potongan 10 persen", True),
        ("10%", "110%", False),
        ("14", "214 Lygon Street", False),
        ("14", "mulai 14 minggu", True),
    ],
)
def test_facts_are_compared_by_value(fact, text, holds):
    assert has_fact(fact, text) is holds


def test_language_and_form_are_told():
    assert language("Halo kak, kelas mulai pukul 07:00 ya") == "id"
    assert language("The class starts at 7 am, see you!") == "en"
    assert form_problems("*Harga*\n- Rp 150.000") == []
    assert form_problems("## Harga") == ["heading"]


def test_a_name_that_only_another_studio_has_is_a_leak():
    studio = {"entries": [], "leak_markers": {"names": ["Kemang"], "amounts": ["Rp 185.000"]}}
    own = {"entries": [], "leak_markers": {"names": [], "amounts": []}}
    asked = {"studio": "ombak", "text": "harga?"}
    studios = {"ombak": own, "senja": studio}
    assert leaks(asked, "Rp 185.000 di Kemang", studios) == ["senja:IDR:185000", "senja:Kemang"]
    assert leaks({**asked, "text": "cabang Kemang?"}, "Kemang?", studios) == []


def test_a_needless_and_a_forgotten_call_are_both_counted():
    scores = Scores()
    scores.judge({"behaviour": "escalate", "text": "x"}, {"reply": "ok", "escalated": True})
    scores.judge({"behaviour": "escalate", "text": "x"}, {"reply": "ok", "escalated": False})
    scores.judge({"behaviour": "answer", "text": "x"}, {"reply": "ok", "escalated": True})
    table = scores.table()
    assert (table["escalation_precision"], table["escalation_recall"]) == (0.5, 0.5)
    assert [why for _question, why in scores.failures] == [
        ["not escalated"],
        ["needless escalation"],
    ]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("{", "no JSON"),
        ("[]", "one object"),
        ('{"id": "a"}', "text"),
        ('{"id": "", "text": "x"}', "id"),
    ],
)
def test_a_broken_line_is_named_with_its_number(tmp_path, line, reason):
    path = tmp_path / "questions.jsonl"
    path.write_text(f'{{"id": "q1", "text": "halo"}}\n\n{line}\n')
    with pytest.raises(BadLineError, match=f"line 3.*{reason}"):
        questions(path)


def test_the_script_scores_a_file_without_django(tmp_path):
    answers = tmp_path / "answers.jsonl"
    answers.write_text(
        '{"id": "q002", "reply": "Rp 150.000", "retrieved": ["ombak-buy-packages"]}\n'
    )
    done = subprocess.run(
        [sys.executable, "-S", "-E", str(EVALS / "score.py"), str(answers)],
        capture_output=True,
        text=True,
        check=True,
        cwd=tmp_path,
    )
    assert "fact_score                     1.0" in done.stdout
    assert "retrieval_recall@1             1.0" in done.stdout
