"""What the assistant says it did or will do for a customer is stopped; rules, denials and the team's work are not."""

import pytest

from agent.answering import answer
from agent.claude import model_for
from agent.held_back import STOPPED
from agent.promises import promises
from agent.reply import Question
from tests.model_server import text


@pytest.mark.parametrize(
    "draft",
    [
        "Your booking is confirmed",
        "Your booking for Sunday at 10 am is confirmed!",
        "Your spot has been reserved.",
        "I have reserved your spot",
        "I've booked you in for tomorrow.",
        "I booked a spot for you",
        "We have cancelled your class.",
        "Done! I cancelled it for you.",
        "We will refund you tomorrow",
        "I'll refund your pass.",
        "I can give you a discount",
        "We'll give you a free class",
        "You're booked for Friday 🎉",
        "You are all set!",
        "You are now on the waiting list.",
        "Your refund has been processed.",
        "Sudah saya bookingkan ya Kak",
        "Sudah saya bookingkan 2 tempat",
        "Saya sudah batalkan kelasnya",
        "Kelasnya sudah saya batalkan Kak",
        "Saya sudah daftarkan Kakak",
        "Kami akan mengembalikan uang Kakak besok",
        "Saya akan kasih diskon 10%",
        "Refund sudah diproses",
        "Refundnya sudah diproses ya Kak",
        "Booking Kakak sudah dikonfirmasi",
        "Pesanan Kakak untuk besok sudah terkonfirmasi",
        "Kak Dewi sudah terdaftar",
        "Kakak sudah masuk waiting list",
        "Saya bantu bookingkan ya Kak",
    ],
)
def test_a_promise_is_found(draft):
    assert promises(draft)


@pytest.mark.parametrize(
    "draft",
    [
        "Your booking is confirmed once the team has replied.",
        "Your booking is not confirmed yet.",
        "Is your booking confirmed?",
        "I can't book or cancel classes, but the team can.",
        "The team will cancel it for you.",
        "Our team will refund you if the class is cancelled by us.",
        "We refund you in full if you cancel before 1 January.",
        "We will refund you in full if you cancel before 1 January.",
        "If you have booked, you can cancel up to 4 hours before.",
        "The class is booked out on Saturdays.",
        "If fewer than three people have reserved, the class is cancelled.",
        "When you are registered, you can book in the app.",
        "You can book on our website.",
        "Have you booked a spot?",
        "Once you're booked, you get a message.",
        "Book early, Aerial is usually full.",
        "I'll pass this on to the team.",
        "Booking bisa lewat situs atau WhatsApp ini Kak.",
        "Saya belum bisa membookingkan, tapi tim bisa.",
        "Tim akan memproses refund Kakak.",
        "Saya teruskan ke tim untuk dibatalkan ya Kak.",
        "Kalau kelas sudah dibatalkan, kredit kembali otomatis.",
        "Booking dikonfirmasi oleh tim ya Kak.",
        "Setelah booking sudah dikonfirmasi tim, Kakak tinggal datang.",
        "Apakah Kakak sudah booking?",
        "Pembatalan gratis sampai 4 jam sebelum kelas.",
        "Paket yang sudah dibeli tidak dapat diuangkan.",
        "Kelas kami sudah termasuk matras.",
        "Saya sudah meneruskan permintaan Kakak ke tim.",
    ],
)
def test_a_rule_or_a_denial_is_no_promise(draft):
    assert promises(draft) == ""


def test_a_promise_is_repaired_or_handed_over(ombak, now, serve, settings):
    settings.ANTHROPIC_API_KEY = "loopback"
    told = "Saya teruskan ke tim ya Kak, mereka yang memesan tempatnya."
    server = serve([text("Sudah saya bookingkan ya Kak!"), text(told)])
    asked = Question(ombak, "bookingin yin besok dong", now)
    assert answer(asked, model_for(ombak)).text == told
    assert "did or will do" in server.bodies[1]["messages"][-1]["content"]
    server.script = [text("Your booking is confirmed!"), text("You're booked!")]
    reply = answer(asked, model_for(ombak))
    assert reply.error == STOPPED
    assert "booked" not in reply.text.lower()
    assert [held["draft"] for held in reply.stopped] == [
        "Your booking is confirmed!",
        "You're booked!",
    ]
