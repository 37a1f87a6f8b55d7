"""`manage.py exam`: names missing entries in plain words, with a score and an exit code."""

import io
import json
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from conversations.models import Conversation, Escalation
from tenants.models import Tenant
from tests import factories


def run(*arguments: str, **options: Any) -> str:
    out = io.StringIO()
    call_command("exam", *arguments, stdout=out, stderr=io.StringIO(), **options)
    return out.getvalue()


def test_missing_entries_are_named_in_plain_words(ombak: Tenant) -> None:
    factories.entry(ombak, "Alamat", content="Jl. Pantai Pererenan 12, dekat pura.")
    told = run("ombak", "--language", "en", "--pass", "0")
    assert "- Parking: Say whether cars and motorbikes can park and what it costs." in told
    assert "- Address:" not in told
    assert "questions ended well" in told
    assert not Conversation.objects.exists()
    assert not Escalation.objects.exists()


def test_in_the_studios_own_language(ombak: Tenant) -> None:
    assert "- Parkir: Tulis apakah mobil dan motor bisa parkir" in run("ombak", "--pass", "0")


def test_too_few_good_answers_are_the_exit_code(ombak: Tenant) -> None:
    with pytest.raises(CommandError, match="is less than 70%") as caught:
        run("ombak")
    assert caught.value.returncode == 1


def test_json_is_one_object(ombak: Tenant) -> None:
    told = json.loads(run("ombak", "--json", "--pass", "0"))
    assert len(told["questions"]) == 40
    assert told["missing"][0]["topic"] == "schedule"
    assert told["questions"][4]["verdict"] == "missing"


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [(["nowhere"], "There is no studio"), (["ombak", "--pass", "7"], "between 0 and 1")],
)
def test_bad_input_is_told(ombak: Tenant, arguments: list[str], sentence: str) -> None:
    with pytest.raises(CommandError, match=sentence) as caught:
        run(*arguments)
    assert caught.value.returncode == 2
