"""Whose hands a conversation is in: take over, resume, assign, block, erase. Every change is a POST."""

import uuid

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from conversations import erasure, handling, staffchats
from conversations.finding import RIGHT, back_to, find, number, person
from conversations.models import Conversation, Desk, Escalation, MediaFile
from conversations.people_pane import who_may_answer
from tenants import deeds
from tenants.pages import frame, staff_page


@staff_page(RIGHT)
def take_over(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Mine from now on. From a colleague only when the page said whose it is and the person took it all the same."""
    conversation = find(request, pk)
    if request.method == "POST" and not taken(request, conversation):
        tell_who_holds(request, conversation)
    return back_to(conversation)


def taken(request: HttpRequest, conversation: Conversation) -> bool:
    if problem := closed_because(conversation):
        messages.warning(request, problem)
        return True
    me, at = person(request), timezone.now()
    mine = conversation.silent(at) and conversation.handler_id == me.pk
    done = handling.take_over(
        conversation,
        me,
        at,
        resumes_after=Desk.of(conversation.tenant).resumes_after,
        held_by=number(request.POST.get("held_by")) or None,
    )
    if done and not mine:
        log(request, conversation, "taken")
    return done


def log(request: HttpRequest, conversation: Conversation, what: str, **values: str) -> None:
    """A line of the change log: who did what with whose chat, and nothing of what was said."""
    whom = short(conversation)
    deeds.note(conversation.tenant, person(request), what, whom=whom, **values)


def closed_because(conversation: Conversation) -> str:
    """Why nobody writes here, whoever has the chat; "" when somebody may."""
    if conversation.blocked:
        return _("This customer is blocked. Unblock them first.")
    if staffchats.of_a_contact(conversation):
        return _(
            "This number gets the studio's notices, so it is not answered as a customer's. Remove it from the contacts first."
        )
    return ""


def tell_who_holds(request: HttpRequest, conversation: Conversation) -> None:
    messages.warning(request, who_holds(conversation))


def who_holds(conversation: Conversation) -> str:
    conversation.refresh_from_db()
    holder = conversation.handler
    name = deeds.named(holder) if holder else _("Somebody else")
    return _("%(name)s already holds this conversation.") % {"name": name}


@staff_page(RIGHT)
def hand_back(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """The assistant resumes, unless a colleague took the chat since the page said whose it is."""
    conversation, at = find(request, pk), timezone.now()
    if request.method == "POST":
        held_by = number(request.POST.get("held_by")) or None
        done = handling.hand_back(conversation, person(request), at, held_by=held_by)
        conversation.refresh_from_db()
        if done:
            log(request, conversation, "handed_back")
        elif conversation.silent(at):
            tell_who_holds(request, conversation)
    return back_to(conversation)


@staff_page(RIGHT)
def assign(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """To a colleague of the same studio who may answer customers."""
    conversation = find(request, pk)
    if request.method == "POST":
        wanted = number(request.POST.get("to"))
        colleague = next((u for u in who_may_answer(conversation.tenant) if u.pk == wanted), None)
        if colleague is None:
            messages.warning(request, _("Choose a colleague of this studio."))
        elif handling.take_over(  # as if the colleague took it
            conversation,
            colleague,
            timezone.now(),
            resumes_after=Desk.of(conversation.tenant).resumes_after,
            held_by=number(request.POST.get("held_by")) or None,
        ):
            name = deeds.named(colleague)
            log(request, conversation, "assigned", to=name)
            messages.success(request, _("%(name)s has this conversation now.") % {"name": name})
        else:
            tell_who_holds(request, conversation)
    return back_to(conversation)


@staff_page(RIGHT)
def block(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Stored, never answered, from now on; or (off) answered again."""
    conversation = find(request, pk)
    if request.method == "POST" and conversation.customer:
        at, me, off = timezone.now(), person(request), request.POST.get("do") == "unblock"
        if handling.unblock(conversation) if off else handling.block(conversation, at, me):
            what = "unblocked" if off else "blocked"
            log(request, conversation, what)
            messages.success(request, _said(off))
    return back_to(conversation)


def _said(off: bool) -> str:
    if off:
        return _("The customer is no longer blocked. The assistant answers their next message.")
    return _("The customer is blocked: what they write is stored and never answered.")


def short(conversation: Conversation) -> str:
    """Enough for staff to know who is meant, too little to find somebody by: the log outlives an erased customer."""
    phone = conversation.customer.phone if conversation.customer else None
    return f"…{phone[-4:]}" if phone else f"#{str(conversation.pk)[:8]}"


@staff_page("studio")
def erase(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Everything of a customer, for good, after a page that says what goes."""
    conversation = find(request, pk)
    customer = conversation.customer
    if customer is None:
        return back_to(conversation)
    if request.method == "POST" and request.POST.get("sure") == "yes":
        whom = short(conversation)
        number_of = erasure.erase(customer, timezone.now())
        deeds.note(conversation.tenant, person(request), "erased", whom=whom, number=str(number_of))
        told = ngettext(
            "Erased: %(number)s message and all that belongs to it.",
            "Erased: %(number)s messages and all that belongs to them.",
            number_of,
        )
        messages.success(request, told % {"number": number_of})
        return redirect("admin:conversations_conversation_changelist")
    return frame(
        request,
        "conversations/erase.html",
        _("Delete all data of a customer"),
        conversation=conversation,
        customer=customer,
        goes=_goes(conversation),
    )


def _goes(conversation: Conversation) -> dict[str, int]:
    chats = Conversation.objects.filter(customer=conversation.customer_id)
    files = MediaFile.objects.filter(message__conversation__in=chats).exclude(path="")
    return {
        "messages": sum(chat.messages.count() for chat in chats),
        "files": files.count(),
        "notes": sum(chat.notes.count() for chat in chats),
        "cases": Escalation.objects.filter(conversation__in=chats).count(),
    }
