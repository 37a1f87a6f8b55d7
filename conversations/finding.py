"""Which conversation a page is about, and who looks at it."""

import uuid

from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.http import url_has_allowed_host_and_scheme

from conversations.models import Conversation
from tenants.access import chosen_studio, visible

RIGHT = "inbox"


def find(request: HttpRequest, pk: uuid.UUID | str) -> Conversation:
    """The conversation, if it belongs to the chosen studio; chats within the studio's own people are none."""
    studio = chosen_studio(request)
    beside = ["customer", "handler"] if studio else ["customer", "handler", "tenant"]
    rows = visible(request, Conversation.objects.select_related(*beside))
    rows = rows.exclude(channel__in=Conversation.WITHIN)
    try:
        found = get_object_or_404(rows, pk=pk)
    except ValidationError:
        return get_object_or_404(rows.none())
    if studio:
        found.tenant = studio  # as `visible` saw to; a poll need not read it twice
    return found


def person(request: HttpRequest) -> User:
    assert isinstance(request.user, User)  # the site let them in
    return request.user


def number(text: str | None) -> int:
    return int(text) if text and text.isdecimal() and len(text) < 19 else 0


def back_to(conversation: Conversation) -> HttpResponse:
    return redirect("admin:conversations_conversation_change", conversation.pk)


def back_from(request: HttpRequest, conversation: Conversation) -> HttpResponse:
    """To the page of ours where the button was, else to the thread."""
    there = request.POST.get("next", "")
    if url_has_allowed_host_and_scheme(there, allowed_hosts=None):
        return redirect(there)
    return back_to(conversation)
