"""Nobody but staff confirms a payment: neither a photo nor a model's words do."""

import pytest

from agent.answering import answer
from agent.held_back import CONFIRMED
from agent.payments import confirms, says_paid, shown_as_paid
from agent.reply import Question
from conversations.history import Line
from tests import factories
from tests.agent.test_answering import FakeModel, calls, says

CLAIMS = """
Pembayaran diterima, terima kasih Kak!
Pembayaran Kakak sudah kami terima ya.
Payment received, see you tomorrow!
Your payment has been received.
Your transfer is confirmed.
We've received your payment of Rp 150.000.
I can confirm your payment has gone through.
Transfernya sudah masuk Kak.
Siap Kak, uangnya sudah masuk 🙏
Pembayaran Rp 1.300.000 sudah berhasil, paketnya aktif.
Kami sudah menerima pembayaran Kakak.
You're all paid, enjoy the class!
Oke kak sudah lunas ya.
*Payment confirmed* ✅
Saya sudah konfirmasi pembayarannya.
Transferan kakak sudah dikonfirmasi.
Great, the payment went through!
""".strip().splitlines()
RULES = """
Pembayaran diterima dalam bentuk tunai, QRIS dan transfer BCA.
Setelah pembayaran diterima, paket langsung aktif.
Your pass is active once your payment is received.
After the payment has been confirmed, you get an email.
Pembayaran hanya bisa dikonfirmasi oleh tim kami.
Saya belum bisa mengonfirmasi pembayaran Kakak; tim kami akan cek.
I can't confirm that your payment has been received; our team will check.
Bukti transfer sudah kami terima, tim akan mengecek.
We accept cash, QRIS and bank transfer.
Kami menerima: tunai, QRIS, transfer BCA.
Kirim bukti transfer ke WhatsApp ini, tim mencocokkan dalam satu jam.
If the payment is not received within 2 hours, the booking is released.
Tim kami akan memastikan apakah pembayarannya sudah masuk.
The team will tell you when your transfer has arrived.
Kalau transfer sudah berhasil, kirim buktinya ya.
""".strip().splitlines()


@pytest.mark.parametrize("text", CLAIMS)
def test_words_that_confirm_a_payment_are_recognised(text):
    assert confirms(text)


@pytest.mark.parametrize("text", RULES)
def test_rules_about_payments_and_denials_confirm_nothing(text):
    assert confirms(text) == ""


@pytest.mark.parametrize("text", ["a " * 2000, "payment " * 500, "pembayaran sudah " * 250])
def test_no_answer_keeps_the_check_busy(text):
    confirms(text)


def asked(ombak, now, text, **more):
    return Question(ombak, text, now, **more)


@pytest.mark.parametrize(
    "text",
    ["udah tf ya kak", "[image] ini bukti transfernya", "i just paid, see above", "receipt!"],
)
def test_a_picture_with_words_of_paying_goes_to_staff_without_a_model(ombak, now, text):
    model = FakeModel()  # any call would fail
    reply = answer(asked(ombak, now, text, with_file=True), model)
    assert reply.escalation is not None
    assert (reply.escalation.category, reply.outcome) == ("billing", "handed_over")
    assert "konfirmasi" in reply.text or "confirm" in reply.text
    assert confirms(reply.text) == ""


@pytest.mark.parametrize(
    ("text", "more"),
    [
        ("udah tf ya kak", {}),  # without a picture the model decides
        ("ini jadwal yang mana kak?", {"with_file": True}),
        ("belum bayar, caranya gimana?", {"with_file": True}),
    ],
)
def test_other_pictures_and_words_do_not(ombak, now, text, more):
    assert not shown_as_paid(asked(ombak, now, text, **more))


def test_a_picture_of_a_moment_ago_counts(ombak, now):
    history = [Line("customer", "[image]", now)]
    assert shown_as_paid(asked(ombak, now, "udah transfer ya", history=history))


@pytest.mark.parametrize(
    "script",
    [
        [says("Pembayaran diterima ya Kak, sampai jumpa!")],
        [calls("escalate_to_human", "Payment received!", category="billing", urgency="normal")],
    ],
)
def test_a_reply_that_confirms_a_payment_does_not_leave(ombak, now, script):
    factories.entry(ombak, "Harga", content="Sekali datang Rp 150.000.")
    reply = answer(asked(ombak, now, "tadi saya kirim uangnya"), FakeModel(*script))
    assert "Pembayaran hanya bisa dikonfirmasi oleh tim" in reply.text
    assert reply.error == CONFIRMED
    assert reply.escalation is not None
    assert reply.escalation.category == "billing"


@pytest.mark.parametrize(
    "text",
    [
        "is parking paid?",
        "can you send the receipt format",
        "do i get a receipt?",
        "boleh minta struk?",
        "bisa minta kwitansi kak?",
        "is the trial paid or free",
        "what receipt do you need",
    ],
)
def test_a_question_about_receipts_is_no_proof(text):
    assert not says_paid(text)


@pytest.mark.parametrize(
    "text",
    [
        "paid!",
        "i paid",
        "udah tf ya kak",
        "bisa dicek kak udah tf",
        "here is the receipt",
        "ini bukti transfernya",
        "lunas kak",
        "is this ok? i paid",
        "can you check, payment done",
    ],
)
def test_who_says_that_they_paid_is_heard(text):
    assert says_paid(text)
