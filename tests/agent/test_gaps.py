"""Questions without a good answer: gathered from customers' chats, grouped, and closed when the knowledge tells them."""

import datetime as dt

import pytest
from django.contrib.auth.models import User

from agent import closing, gaps
from agent.jobs import Jobs
from agent.models import Turn
from agent.records import Gap, GapQuestion
from conversations.models import Conversation, Customer, Message
from tenants.models import Tenant
from tests import factories
from tests.agent.conftest import Serve
from tests.model_server import text

DAY = dt.timedelta(days=1)


def asked(
    tenant: Tenant,
    *texts: str,
    category: str = "cannot_answer",
    answer: str = "Saya cek dulu ke tim.",
    outcome: str = Turn.Outcome.HANDED_OVER,
    channel: str = Conversation.Channel.WHATSAPP,
    chat: Conversation | None = None,
    purpose: str = Turn.Purpose.CUSTOMER,
    at: dt.datetime = factories.NOW,
) -> Turn:
    """A customer asked this, and got that for an answer."""
    chat = chat or Conversation.objects.create(
        tenant=tenant, customer=Customer.objects.create(tenant=tenant), channel=channel
    )
    said = {"tenant": tenant, "conversation": chat, "created_at": factories.NOW}
    for one in texts:
        Message.objects.create(**said, author="customer", state="answered", text=one)
    details = {"escalation": {"category": category}} if category else {}
    reply = Message.objects.create(
        **said, author="assistant", state="sent", text=answer, details=details
    )
    turn = Turn.objects.create(
        tenant=tenant,
        conversation=chat,
        reply=reply,
        purpose=purpose,
        outcome=outcome,
        language="id",
    )
    Turn.objects.filter(pk=turn.pk).update(created_at=at)
    turn.refresh_from_db()
    return turn


def gather(at: dt.datetime = factories.NOW + DAY) -> None:
    gaps.gather(at - gaps.BACK, at)


def told() -> list[list[str]]:
    return [[q.text for q in gap.questions.all()] for gap in Gap.objects.order_by("first_at", "pk")]


def test_the_same_question_is_one_gap_in_both_languages(ombak: Tenant) -> None:
    asked(ombak, "ada parkir mobil?", at=factories.NOW)
    asked(ombak, "is there parking for my car", at=factories.NOW + dt.timedelta(hours=1))
    asked(ombak, "terima classpass ga?", at=factories.NOW + dt.timedelta(hours=2))
    gather()
    assert told() == [
        ["ada parkir mobil?", "is there parking for my car"],
        ["terima classpass ga?"],
    ]
    assert Gap.objects.order_by("first_at")[0].last_at == factories.NOW + dt.timedelta(hours=1)


def test_looking_twice_counts_once(ombak: Tenant) -> None:
    asked(ombak, "ada parkir mobil?")
    gather()
    gather()
    assert told() == [["ada parkir mobil?"]]


def test_many_turns_are_read_in_parts(ombak: Tenant, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gaps, "PART", 2)
    questions = [
        "ada parkir mobil?",
        "terima classpass ga?",
        "boleh bawa kucing?",
        "jual matras?",
        "ada wifi?",
    ]
    for question in questions:
        asked(ombak, question)
    gather()
    assert sorted(text for gap in told() for text in gap) == sorted(questions)


def test_two_studios_never_share_a_gap(ombak: Tenant, senja: Tenant) -> None:
    asked(ombak, "ada parkir mobil?")
    asked(senja, "ada parkir mobil?")
    gather()
    assert Gap.objects.filter(tenant=ombak).count() == 1
    assert Gap.objects.filter(tenant=senja).count() == 1
    assert all(one.gap.tenant_id == one.tenant_id for one in GapQuestion.objects.all())


@pytest.mark.parametrize(
    "known",
    [
        {"category": "human_request"},
        {"category": "complaint"},
        {"purpose": "playground"},
        {"channel": Conversation.Channel.PLAYGROUND},
        {"outcome": Turn.Outcome.ANSWERED, "category": "", "answer": "Rp 150.000 ya Kak."},
    ],
)
def test_other_hand_overs_tests_and_good_answers_are_no_gaps(ombak: Tenant, known: dict) -> None:
    asked(ombak, "ada parkir mobil?", **known)
    gather()
    assert told() == []


def test_a_model_that_says_it_does_not_know_leaves_a_gap(ombak: Tenant) -> None:
    answer = "Maaf Kak, saya belum punya info soal itu."
    asked(ombak, "ada parkir?", outcome=Turn.Outcome.ANSWERED, category="", answer=answer)
    gather()
    assert told() == [["ada parkir?"]]


def test_a_burst_is_one_question_and_the_chat_before_it_is_not(ombak: Tenant) -> None:
    first = asked(ombak, "halo kak", category="")
    asked(ombak, "mau tanya", "ada parkir ga?", chat=first.conversation)
    gather()
    assert told() == [["mau tanya\nada parkir ga?"]]


def test_a_picture_alone_names_no_gap(ombak: Tenant) -> None:
    asked(ombak, "")
    gather()
    assert told() == []


def test_a_short_question_joins_what_it_goes_on_about(ombak: Tenant) -> None:
    first = asked(ombak, "ada parkir mobil?")
    asked(ombak, "kalau besok?", chat=first.conversation, at=factories.NOW + dt.timedelta(hours=1))
    gather()
    assert told() == [["ada parkir mobil?", "kalau besok?"]]


def test_a_gap_goes_with_its_last_conversation(ombak: Tenant) -> None:
    turn = asked(ombak, "ada parkir mobil?")
    gather()
    assert turn.conversation is not None
    turn.conversation.delete()
    gather()
    assert not Gap.objects.exists()


def test_what_the_customer_took_back_stays_nowhere(ombak: Tenant) -> None:
    asked(ombak, "halo", "ada parkir mobil?")
    other = asked(ombak, "parkir dimana ya")
    gather()
    Message.objects.filter(text="ada parkir mobil?").update(text="", details={"revoked": {}})
    gather()
    assert told() == [["parkir dimana ya"]]
    Message.objects.filter(conversation=other.conversation, author="customer").update(
        details={"revoked": {}}
    )
    gather()
    assert not Gap.objects.exists()


def test_staff_who_try_it_out_are_no_customers(ombak: Tenant) -> None:
    asked(ombak, "ada parkir mobil?")
    Message.objects.filter(author="customer").update(details={"test": True})
    gather()
    assert told() == []


def test_what_was_dismissed_stays_so_when_it_is_asked_again(ombak: Tenant, sari: User) -> None:
    asked(ombak, "boleh bawa anjing?")
    gather()
    closing.dismiss(Gap.objects.get(), sari, factories.NOW)
    asked(ombak, "bawa anjing boleh ga", at=factories.NOW + dt.timedelta(hours=1))
    gather()
    gap = Gap.objects.get()
    assert (gap.state, gap.settled_by, gap.questions.count()) == ("dismissed", sari, 2)


def finish(at: dt.datetime) -> None:
    closing.notice_changes(at)
    while closing.close_next(at):
        pass


def fillers(tenant: Tenant) -> None:
    for title in ("Harga drop-in", "Sunset Flow", "Sewa matras", "Kelas anak", "Refund"):
        factories.entry(tenant, title=title, content=f"{title}: tanya di meja depan.")


def test_an_entry_that_answers_closes_its_gap_by_itself(ombak: Tenant) -> None:
    fillers(ombak)
    asked(ombak, "ada parkir mobil?")
    asked(ombak, "terima classpass ga?")
    gather()
    finish(factories.NOW + DAY)
    assert not Gap.objects.exclude(state="open").exists()
    entry = factories.entry(ombak, title="Parkir mobil", content="Mobil bisa parkir di depan, gratis.")  # fmt: skip
    Tenant.objects.filter(pk=ombak.pk).update(knowledge_version=7)
    finish(factories.NOW + DAY)
    closed = Gap.objects.get(state="closed")
    assert closed.questions.get().text == "ada parkir mobil?"
    assert closed.entry == entry
    assert "parkir di depan" in closed.answer
    assert Gap.objects.get(state="open").questions.get().text == "terima classpass ga?"


def test_an_entry_beside_it_leaves_the_gap_open_with_the_reason(ombak: Tenant) -> None:
    fillers(ombak)
    asked(ombak, "terima classpass ga?")
    gather()
    closing.write(Gap.objects.get(), factories.NOW)
    factories.entry(ombak, title="Kolam ikan", content="Ada kolam ikan di taman.")
    Tenant.objects.filter(pk=ombak.pk).update(knowledge_version=7)
    finish(factories.NOW + DAY)
    gap = Gap.objects.get()
    assert (gap.state, gap.note, gap.writing_since) == ("open", closing.NOT_USED, None)


def test_a_gap_that_was_closed_opens_when_it_is_asked_again_in_vain(ombak: Tenant) -> None:
    asked(ombak, "ada parkir mobil?")
    gather()
    Gap.objects.update(state="closed", settled_at=factories.NOW + DAY)
    asked(ombak, "parkir dimana ya", at=factories.NOW + 2 * DAY)
    gather(factories.NOW + 3 * DAY)
    assert (Gap.objects.get().state, Gap.objects.get().settled_at) == ("open", None)


def test_a_model_that_does_not_know_keeps_the_gap_open(ombak: Tenant, serve: Serve) -> None:
    serve([text("Maaf Kak, saya belum punya info soal itu.")])
    asked(ombak, "ada parkir mobil?")
    gather()
    closing.ask_again(Gap.objects.get(), factories.NOW)
    finish(factories.NOW + DAY)
    assert (Gap.objects.get().state, Gap.objects.get().note) == ("open", closing.NOT_KNOWN)


def test_a_question_that_breaks_opens_its_gap_again_with_the_reason(
    ombak: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_args: object, **_more: object) -> None:
        raise ZeroDivisionError("no luck")

    monkeypatch.setattr("agent.ask.ask", broken)
    asked(ombak, "ada parkir mobil?")
    gather()
    closing.ask_again(Gap.objects.get(), factories.NOW)
    finish(factories.NOW + DAY)
    gap = Gap.objects.get()
    assert (gap.state, gap.note, gap.lease_until) == ("open", closing.NOT_ASKED, None)


def test_the_question_is_asked_with_the_chat_before_it(ombak: Tenant, serve: Serve) -> None:
    server = serve([text("Besok juga ada.")])
    first = asked(ombak, "ada parkir mobil?", category="", answer="Ada Kak.")
    asked(ombak, "kalau besok?", chat=first.conversation)
    gather()
    closing.ask_again(Gap.objects.get(), factories.NOW)
    finish(factories.NOW + DAY)
    said = str(server.bodies[0]["messages"])
    assert "ada parkir mobil?" in said
    assert Gap.objects.get().state == "closed"
    assert Message.objects.count() == 4  # nothing reached the customer's chat


def test_a_claim_of_a_dead_service_ends(ombak: Tenant) -> None:
    asked(ombak, "ada parkir mobil?")
    gather()
    closing.ask_again(Gap.objects.get(), factories.NOW)
    Gap.objects.update(lease_until=factories.NOW + closing.LEASE)
    assert not closing.close_next(factories.NOW)
    assert closing.close_next(factories.NOW + closing.LEASE)


def test_the_service_looks_now_and_then(ombak: Tenant, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter([0.0, 0.0, 1.0, 1.0, 21.0, 21.0])
    jobs = Jobs(lambda: next(clock))
    looks: list[dt.datetime] = []

    def look(since: dt.datetime, at: dt.datetime) -> dt.datetime:
        looks.append(since)
        return at

    monkeypatch.setattr(gaps, "gather", look)
    assert not jobs.step()
    next(clock, None)
    assert not jobs.step()
    assert len(looks) == 2


def test_a_thumb_down_makes_an_answer_a_gap(ombak: Tenant) -> None:
    turn = asked(ombak, "jam berapa yin?", answer="Jam 17:00 Kak.", outcome="answered", category="")
    gather()
    assert told() == []
    Message.objects.filter(turn=turn).update(details={"feedback": "bad"})
    gather(turn.created_at + dt.timedelta(hours=1))
    gather(turn.created_at + dt.timedelta(hours=2))
    assert told() == [["jam berapa yin?"]]


def test_an_answer_of_the_playground_that_staff_call_wrong_is_a_gap(ombak: Tenant) -> None:
    turn = asked(
        ombak,
        "jam berapa yin?",
        answer="Jam 17:00 Kak.",
        outcome="answered",
        category="",
        purpose="playground",
    )
    gaps.wrong(turn)
    gaps.wrong(turn)
    assert told() == [["jam berapa yin?"]]
