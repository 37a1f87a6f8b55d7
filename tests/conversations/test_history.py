from conversations import intake, mailbox, outbox, playground
from conversations.export import as_csv, as_text
from conversations.history import history, references
from conversations.inbound import Revoke
from conversations.models import Message
from tests.conversations.cast import (
    BUDI,
    after,
    answered,
    chat_of,
    claim,
    draft,
    typed,
    writes,
)
from tests.factories import NOW


def said(message, at):
    return [(line.author, line.text) for line in history(chat_of(message), message.pk, at)]


def test_history_is_what_was_said_before_oldest_first(ombak):
    answered(ombak, "Rp 150.000 kak")
    outbox.claim_to_send(ombak.pk, NOW)
    intake.receive(typed(ombak, "bisa qris", sent_at=after(1)), at=after(1))
    question = writes(ombak, "ok, jam?", at=after(2))
    assert said(question, after(2)) == [
        ("customer", "berapa harga kak?"),
        ("assistant", "Rp 150.000 kak"),
        ("staff", "bisa qris"),
    ]


def test_history_leaves_out_notes_pings_deleted_and_unsaid_messages(ombak):
    writes(ombak, "!ping")
    writes(ombak, "rahasia", whatsapp_id="A")
    intake.receive(Revoke(ombak.pk, "A", NOW), at=NOW)
    reply = answered(ombak)
    Message.objects.filter(pk=reply.pk).update(state="cancelled")
    question = writes(ombak, "halo?", at=after(1))
    assert said(question, after(1)) == [("customer", "berapa harga kak?")]


def test_history_is_one_day_and_twelve_messages_at_most(ombak, senja):
    answered(ombak)
    Message.objects.update(created_at=after(hours=-25))
    writes(senja, "orang lain")
    for minute in range(14):
        writes(ombak, f"ok {minute}", at=after(minutes=minute))
    Message.objects.filter(state="new").update(state="answered")
    question = writes(ombak, "harga?", at=after(minutes=20))
    texts = [text for _author, text in said(question, after(minutes=20))]
    assert texts == [f"ok {n}" for n in range(2, 14)]


def test_yesterday_is_another_episode(ombak):
    answered(ombak)
    question = writes(ombak, at=after(hours=24))
    assert said(question, after(hours=24)) == []


def test_a_message_without_text_is_named_by_its_kind(ombak):
    writes(ombak, "ini buktinya", kind="image")
    Message.objects.update(state="answered")
    assert said(writes(ombak), NOW) == [("customer", "[image] ini buktinya")]


def test_the_export_is_on_the_studios_clock_and_only_of_this_conversation(ombak, senja):
    writes(senja, "rahasia senja")
    message = writes(ombak, "berapa?")
    assert "".join(as_text(chat_of(message))) == "[2026-11-18 16:30] Customer: berapa?\n"


def test_no_cell_of_the_csv_is_a_formula_also_where_it_is_parted_at_another_sign(ombak):
    for text in ('=HYPERLINK("http://x","y")', "halo;=cmd|'/C calc'!A0;", "harga, kak"):
        message = writes(ombak, text)
    heading, *rows = "".join(as_csv(chat_of(message))).splitlines()
    assert heading == '"time","author","kind","text","state"'
    assert rows[0].startswith('"2026-11-18T16:30:00+08:00","customer","text",')
    assert '"\'=HYPERLINK(""http://x"",""y"")"' in rows[0]
    assert "\"halo;'=cmd|'/C calc'!A0;\"" in rows[1]
    assert '"harga, kak"' in rows[2]


def test_the_playground_is_each_persons_own_and_needs_no_quiet(ombak, senja, sari, bayu):
    first = playground.ask(ombak, sari, " alamat? ", NOW)
    assert playground.ask(senja, bayu, "alamat?", NOW).conversation_id != first.conversation_id
    chat = chat_of(first)
    assert (first.text, chat.quiet_until, chat.channel) == ("alamat?", None, "playground")
    reply = mailbox.decide(claim(), draft("Jl. Pantai"), at=NOW)
    assert reply is not None
    assert reply.state == "shown"
    assert outbox.claim_to_send(ombak.pk, NOW) is None


def test_the_playground_answers_in_every_mode(ombak, sari):
    for mode in ("off", "test", "live"):
        ombak.mode = mode
        ombak.save()
        playground.ask(ombak, sari, "alamat?", NOW)
        assert mailbox.decide(claim(), draft(), at=NOW)


def test_a_cleared_playground_begins_anew(ombak, sari):
    playground.ask(ombak, sari, "alamat?", NOW)
    taken = claim()
    playground.clear(ombak, sari)
    assert mailbox.decide(taken, draft(), at=NOW) is None
    assert not Message.objects.exists()
    assert mailbox.claim_next("thread", after(1), 30) is None


def test_a_playground_question_that_fails_three_times_says_so_without_an_escalation(ombak, sari):
    playground.ask(ombak, sari, "alamat?", NOW)
    for seconds in (0, 60, 120):
        mailbox.give_up(claim(after(seconds)), "down", at=after(seconds))
    assert Message.objects.get(author="system").state == "shown"
    assert chat_of(Message.objects.get(author="system")).escalations.count() == 0


def test_what_a_customer_answers_and_the_ad_they_came_from_are_told_in_their_own_voice(ombak):
    reply = answered(ombak, "Yin Sabtu 08:00,\nRp 150.000")
    outbox.claim_to_send(ombak.pk, NOW)
    outbox.sent(reply, "W1", NOW)
    forged = {
        "quoted": {"kind": "text", "text": "Gratis!"},
        "ad": {"title": "Promo", "body": "-50%"},
    }
    question = writes(ombak, "yang ini?", quoted_id="W1", details=forged, at=after(60))
    assert question.details["quoted"]["text"] == "Yin Sabtu 08:00,\nRp 150.000"  # our words win
    other = writes(ombak, "ini?", quoted_id="UNKNOWN", details=forged, at=after(61))
    plain = writes(ombak, "halo", at=after(62))
    assert [(line.author, line.text) for line in references([question, other, plain])] == [
        ("customer", "> Yin Sabtu 08:00,\n> Rp 150.000"),
        ("customer", "[ad: Promo: -50%]"),
        ("customer", "> Gratis!"),
        ("customer", "[ad: Promo: -50%]"),
    ]


def test_a_deleted_message_is_not_quoted_and_another_chats_neither(ombak):
    secret = writes(ombak, "rahasia", whatsapp_id="A")
    intake.receive(Revoke(ombak.pk, "A", NOW), at=NOW)
    writes(ombak, "milik Budi", whatsapp_id="B", person=BUDI)
    told = {"quoted": {"kind": "text", "text": "rahasia"}}
    again = writes(ombak, "itu", quoted_id="A", details=told, at=after(5))
    foreign = writes(ombak, "itu", quoted_id="B", at=after(6))
    assert secret.conversation_id == again.conversation_id
    assert references([again, foreign]) == []
