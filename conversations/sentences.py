"""What MILA itself says to customers, in the customer's language: fixed, warm, short, and true without a model."""

from typing import Literal

Name = Literal["limited", "away", "cannot_answer", "unreadable", "called", "test_usage"]

SENTENCES: dict[Name, dict[str, str]] = {
    "limited": {
        "id": "Pesannya banyak sekali Kak 😊 Mohon tunggu sebentar ya, semuanya kami baca dan jawab dalam satu menit.",
        "en": "That's a lot of messages 😊 Please give us a minute, we'll read them all and answer.",
    },
    "away": {
        "id": "Maaf ya Kak, pesannya baru kami terima sekarang 🙏 Tim kami akan membalas secepatnya.",
        "en": "Sorry, your message only reached us now 🙏 Our team will get back to you as soon as possible.",
    },
    "cannot_answer": {
        "id": "Maaf Kak, saya belum bisa menjawab ini. Pesannya sudah saya teruskan ke tim kami, nanti dibalas ya 🙏",
        "en": "Sorry, I can't answer this right now. I've passed your message to our team, they'll get back to you 🙏",
    },
    "unreadable": {
        "id": "Maaf Kak, pesan terakhir Kakak tidak bisa terbaca di tempat kami 🙏 Boleh dikirim sekali lagi?",
        "en": "Sorry, your last message could not be read on our side 🙏 Could you send it once more?",
    },
    "called": {
        "id": "Maaf Kak, teleponnya belum terangkat 🙏 Tulis saja di sini ya, kami bantu secepatnya.",
        "en": "Sorry, we missed your call 🙏 Just write to us here and we'll help as soon as we can.",
    },
    "test_usage": {
        "id": "Tulis pertanyaannya setelah !test, misalnya: !test berapa harga kelas?",
        "en": "Write your question after !test, for example: !test how much is a class?",
    },
}


def sentence(name: Name, language: str) -> str:
    """The sentence in `language`; whoever speaks neither gets English."""
    return SENTENCES[name].get(language) or SENTENCES[name]["en"]
