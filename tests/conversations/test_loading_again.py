"""Staff ask for a file that could not be loaded."""

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from conversations import intake, media
from conversations.inbound import Revoke
from conversations.models import MediaFile, Message
from tenants.models import Tenant
from tests.conversations.cast import after, chat_of, writes
from tests.factories import NOW

SOURCE = {"kind": "image", "path": "/v/1", "size": 12}
Problem, State = MediaFile.Problem, MediaFile.State
BUTTON = "Load the file again"


@pytest.fixture
def page(client: Client, sari: User) -> Client:
    client.force_login(sari)
    return client


def failed(tenant: Tenant, problem: str) -> Message:
    message = writes(tenant, "", kind="image", file=SOURCE)
    waiting = media.claim_next(tenant.pk, NOW)
    assert waiting is not None
    media.failed(waiting, problem, NOW, permanent=True)
    return message


def file_of(message: Message) -> MediaFile:
    return MediaFile.objects.get(message=message)


def press(page: Client, message: Message, conversation: Message | None = None) -> str:
    args = [chat_of(conversation or message).pk, message.pk]
    address = reverse("admin:conversations_conversation_load_again", args=args)
    response = page.post(address, follow=True)
    return str(response.status_code) if response.status_code != 200 else response.content.decode()


@pytest.mark.parametrize("problem", [Problem.UNREACHABLE, Problem.NO_ROOM])
def test_a_file_that_may_be_had_after_all_is_asked_for_again_with_all_its_tries(
    ombak, page, problem
):
    message = failed(ombak, problem)
    thread = reverse("admin:conversations_conversation_change", args=[chat_of(message).pk])
    assert BUTTON in page.get(thread).content.decode()
    assert "The file is being loaded." in press(page, message)
    again = media.claim_next(ombak.pk, after(days=9999))
    assert again is not None
    assert (again.source, again.attempts) == (SOURCE, 1)


def test_a_file_that_whatsapp_does_not_have_any_more_says_so(ombak, page):
    message = failed(ombak, Problem.EXPIRED)
    shown = press(page, message)
    assert shown.count("WhatsApp does not have the file any more.") == 2  # in the bubble, and above
    assert BUTTON not in shown
    assert (file_of(message).state, file_of(message).source) == (State.FAILED, {})


def test_what_its_sender_deleted_is_not_asked_for(ombak, page):
    message = failed(ombak, Problem.UNREACHABLE)
    intake.receive(Revoke(ombak.pk, message.whatsapp_id or "", NOW), at=NOW)
    assert BUTTON not in press(page, message)
    assert file_of(message).state == State.FAILED


def test_one_that_is_being_loaded_or_is_stored_stays_so(ombak, page):
    message = writes(ombak, "", kind="image", file=SOURCE)
    due_at = file_of(message).due_at
    press(page, message)
    assert file_of(message).due_at == due_at


def test_nobody_else_asks_for_it(ombak, senja, page):
    mine, theirs = failed(ombak, Problem.UNREACHABLE), failed(senja, Problem.UNREACHABLE)
    assert press(page, theirs) == "404"
    assert press(page, theirs, conversation=mine) == "404"
    page.get(
        reverse("admin:conversations_conversation_load_again", args=[chat_of(mine).pk, mine.pk])
    )
    assert {file_of(each).state for each in (mine, theirs)} == {State.FAILED}
