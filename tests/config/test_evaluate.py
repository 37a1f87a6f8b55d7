"""`manage.py evaluate`: figures that agree with the script, an exit code, and nothing lost when it is stopped."""

import io
import json
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from django.conf import LazySettings
from django.core.management import CommandError, call_command

from agent import trial
from agent.ask import ask
from agent.models import Turn
from tenants.models import Tenant
from tests import factories
from tests.agent.conftest import serve as serve
from tests.model_server import NO_CREDIT, text

ROOT = Path(__file__).parents[2]


@pytest.fixture
def asked(ombak: Tenant, tmp_path: Path, settings: LazySettings) -> Path:
    """Three questions about one entry."""
    settings.EVALUATION_BARS = ["off"]
    factories.entry(ombak, "Alamat", content="Jalan Pantai 12.", external_id="address")
    rows: list[dict[str, Any]] = [
        {"id": "a", "text": "alamat di mana?", "must_contain": ["Pantai 12"], "gold": ["address"]},
        {"id": "b", "text": "mau ngomong sama admin", "behaviour": "escalate"},
        {"id": "c", "text": "berapa harga kelas?", "must_contain": ["Rp 150.000"]},
    ]
    path = tmp_path / "q.jsonl"
    path.write_text("".join(json.dumps({"studio": "ombak", **row}) + "\n" for row in rows))
    return path


def evaluate(path: Path, **options: Any) -> str:
    out = io.StringIO()
    call_command("evaluate", questions=path, stdout=out, stderr=io.StringIO(), **options)
    return out.getvalue()


def figures(printed: str) -> dict[str, str]:
    lines = (line.split() for line in printed.splitlines())
    return {line[0]: line[1] for line in lines if len(line) == 2}


def ids(path: Path) -> list[str]:
    return [json.loads(line)["id"] for line in path.read_text().splitlines()]


def test_the_script_prints_the_same_figures(asked: Path, tmp_path: Path, ombak: Tenant) -> None:
    answers, studios = tmp_path / "a.jsonl", tmp_path / "s.json"
    ours = figures(evaluate(asked, out=answers))
    studios.write_text(json.dumps({"studios": [{"id": "ombak", **trial.exported(ombak)}]}))
    script = [sys.executable, "evals/score.py", str(answers), "--split", "all"]
    files = ["--questions", str(asked), "--studios", str(studios)]
    done = subprocess.run([*script, *files], capture_output=True, text=True, check=True, cwd=ROOT)
    theirs = figures(done.stdout.replace("None", "-"))
    assert theirs["fact_score"] == "0.5"
    assert theirs["missing"] == "0"
    assert {name: ours.get(name, "0") for name in theirs} == theirs


def test_failures_come_with_the_entries_that_were_shown(asked: Path) -> None:
    printed = evaluate(asked)
    failure = printed.split("c  'berapa harga kelas?'")[1]
    assert "missing Rp 150.000" in failure
    assert "entries:" in failure


def test_a_missed_bar_is_the_exit_code(asked: Path, settings: LazySettings) -> None:
    settings.EVALUATION_BARS = ["fact_score>=0.9"]
    with pytest.raises(CommandError, match=r"fact_score >= 0.9 \(is 0.5\)") as caught:
        evaluate(asked)
    assert caught.value.returncode == 1


def test_a_bar_that_cannot_be_read_stops_before_the_first_question(
    asked: Path, settings: LazySettings
) -> None:
    settings.EVALUATION_BARS = ["much better"]
    with pytest.raises(CommandError, match="much better") as caught:
        evaluate(asked)
    assert caught.value.returncode == 2
    assert not Turn.objects.exists()


def test_what_was_answered_before_ctrl_c_is_kept_and_not_asked_again(
    asked: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = tmp_path / "a.jsonl"
    whole = ask

    def interrupted(tenant: Tenant, question: str, **options: Any) -> Any:
        if question.startswith("berapa"):
            raise KeyboardInterrupt
        return whole(tenant, question, **options)

    monkeypatch.setattr(trial, "ask", interrupted)
    with pytest.raises(CommandError, match=r"2 of 3 questions\. Go on with --resume") as caught:
        evaluate(asked, out=answers)
    assert caught.value.returncode == 130
    assert ids(answers) == ["a", "b"]
    monkeypatch.setattr(trial, "ask", whole)
    answers.write_text(answers.read_text() + '{"id": "c", "rep')  # cut off in the middle
    assert figures(evaluate(asked, out=answers, resume=True))["questions"] == "3"
    assert ids(answers) == ["a", "b", "c"]
    assert Turn.objects.count() == 3


def test_an_exception_is_a_failed_question_and_the_rest_is_asked(
    asked: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = ask

    def broken(tenant: Tenant, question: str, **options: Any) -> Any:
        if question.startswith("mau"):
            raise RuntimeError("broken pipe")
        return whole(tenant, question, **options)

    monkeypatch.setattr(trial, "ask", broken)
    printed = evaluate(asked)
    assert "error RuntimeError: broken pipe" in printed
    assert figures(printed)["error_count"] == "1"
    assert figures(printed)["questions"] == "3"


def test_a_model_that_fails_is_told_and_its_use_is_counted(asked: Path, serve: Any) -> None:
    serve([text("Jalan Pantai 12 ya Kak."), NO_CREDIT])
    printed = evaluate(asked, limit=3)
    assert "error The AI account has no credit" in printed
    assert int(figures(printed)["input_tokens"]) > 0
    assert float(figures(printed)["cost_usd"]) > 0


def test_threads_answer_in_the_order_of_the_file_and_close_their_connections(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    order = [{"id": str(n)} for n in range(20)]
    closed = mock.Mock()
    monkeypatch.setattr(trial, "connection", closed)
    monkeypatch.setattr(trial, "close_old_connections", lambda: None)
    later = threading.Event()

    def one(row: Any) -> dict[str, Any]:
        if row["id"] == "0":
            later.wait(5)  # the first is the last to be done
        if row["id"] == "19":
            later.set()
        return {"id": row["id"]}

    answers = list(trial.all_asked(order, one, parallel=4))
    assert [answer["id"] for answer in answers] == [str(n) for n in range(20)]
    assert closed.close.call_count == 20
