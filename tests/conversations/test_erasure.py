"""A customer who asks to be forgotten."""

import datetime as dt
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db.models import QuerySet

from conversations import erasure, media
from conversations.models import Conversation, Customer, Erased, Escalation, MediaFile, Message
from tests.conversations.cast import ANA, BUDI, answered, customer_of, writes
from tests.factories import NOW


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, settings: Any) -> Path:
    settings.MEDIA_ROOT = tmp_path
    return tmp_path


def test_everything_of_one_customer_goes_and_nothing_of_others(
    ombak, senja, folder, django_capture_on_commit_callbacks
):
    message = writes(ombak, "ini", kind="image", file={"kind": "image", "path": "/v/1"})
    waiting = media.claim_next(ombak.pk, NOW)
    assert waiting is not None
    media.store(waiting, b"\xff\xd8\xffpicture")
    answered(ombak, escalation="complaint")
    others = [writes(ombak, person=BUDI), writes(senja, person=ANA)]
    with django_capture_on_commit_callbacks(execute=True):
        assert erasure.erase(customer_of(message), NOW) == 3
    assert list(Message.objects.order_by("pk")) == others
    assert (Customer.objects.count(), Conversation.objects.count()) == (2, 2)
    assert not Escalation.objects.exists()
    assert not MediaFile.objects.exists()
    assert [path for path in folder.rglob("*") if path.is_file()] == []


def test_what_stays_says_nothing_and_not_for_ever(ombak):
    message = writes(ombak, "rahasia", whatsapp_id="3EB0A")
    erasure.erase(customer_of(message), NOW)
    (row,) = Erased.objects.all()
    assert "3EB0A" not in row.mark
    assert erasure.marks(ombak.pk) == {erasure.mark(ombak.pk, "3EB0A")}
    later = writes(ombak, "halo", whatsapp_id="3EB0B")
    erasure.erase(customer_of(later), NOW + erasure.KEPT + dt.timedelta(seconds=1))
    assert erasure.marks(ombak.pk) == {erasure.mark(ombak.pk, "3EB0B")}


def test_the_same_id_in_another_studio_is_another_message(ombak, senja):
    erasure.erase(customer_of(writes(ombak, whatsapp_id="A")), NOW)
    assert erasure.marks(senja.pk) == frozenset()
    assert erasure.mark(senja.pk, "A") not in erasure.marks(ombak.pk)


def erase(who: str, **options: Any) -> str:
    out = StringIO()
    call_command("erasecustomer", who, stdout=out, **options)
    return out.getvalue()


def test_the_command_asks_first(ombak, senja, monkeypatch):
    mine, theirs = writes(ombak), writes(senja)
    monkeypatch.setattr("builtins.input", lambda _question: "")
    with pytest.raises(CommandError, match="Nothing was erased"):
        erase("0813 1111 0001", studio="ombak")
    assert Message.objects.count() == 2
    monkeypatch.setattr("builtins.input", lambda _question: "y")
    assert "with 1 messages" in erase("0813 1111 0001", studio="ombak")
    assert list(Message.objects.all()) == [theirs]
    with pytest.raises(CommandError, match="no customer"):
        erase(str(customer_of(theirs).pk), studio="ombak", yes=True)
    with pytest.raises(CommandError, match="no phone number"):
        erase("12", studio="ombak", yes=True)
    assert mine.pk
    erase(str(customer_of(theirs).pk), studio="senja", yes=True)
    assert not Message.objects.exists()


def test_a_message_that_is_just_being_stored_is_waited_for(ombak, monkeypatch):
    """The other one's transaction ends while this one waits for the lock."""
    message = writes(ombak, "satu")
    lock = QuerySet.select_for_update

    def waits(rows: Any) -> Any:
        writes(ombak, "dua", whatsapp_id="LATE")
        return lock(rows)

    monkeypatch.setattr(QuerySet, "select_for_update", waits)
    assert erasure.erase(customer_of(message), NOW) == 2
    assert Erased.objects.filter(mark=erasure.mark(ombak.pk, "LATE")).exists()
