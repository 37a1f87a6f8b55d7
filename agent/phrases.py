"""Fixed sentences for customers, chosen by the customer's language (never by the language of a page)."""

import datetime as dt

from agent.helplines import help_lines
from agent.hours import is_open, next_opening
from tenants.models import Tenant

_DAYS = {
    "id": ("Senin", "Selasa", "Rabu", "Kamis", "Jumat", "Sabtu", "Minggu"),
    "en": ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
}
_TEXTS = {
    "id": {
        "hello": "Halo Kak! Saya {persona}, asisten {studio}. Ada yang bisa dibantu, misalnya jadwal, harga atau lokasi?",
        "english_too": "Feel free to write in English, too.",
        "thanks": "Sama-sama Kak 🙏",
        "bye": "Siap Kak, sampai jumpa di {studio} 🙏",
        "close": "Siap Kak 🙏 Kalau ada pertanyaan tentang {studio}, tulis saja di sini.",
        "introduce": "Ini info dari {studio}, Kak (dalam bahasa Inggris):",
        "classes": "Ini yang bisa saya ceritakan tentang {studio}, Kak:",
        "schedules": "Ini jadwal {studio} yang saya punya, Kak:",
        "location & facilities": "Ini info tentang tempat kami, Kak:",
        "which": "Mau tahu lebih banyak tentang yang mana, Kak?",
        "off_topic": "Maaf Kak, saya hanya bisa membantu soal {studio}: jadwal, kelas, harga dan lokasi.",
        "cannot_answer": "Saya cek dulu ke tim {studio} ya Kak, {when}.",
        "human_request": "Baik Kak, saya sambungkan ke tim {studio}, {when}.",
        "complaint": "Mohon maaf ya Kak atas pengalaman ini. Saya sudah meneruskan pesannya ke tim {studio}, {when}.",
        "billing": "Terima kasih infonya Kak, mohon maaf jadi repot. Tim {studio} akan mengecek pembayarannya, {when}.",
        "refund": "Baik Kak, permintaannya saya teruskan ke tim {studio}. Mereka yang memutuskan, {when}.",
        "policy_exception": "Baik Kak, saya mengerti. Hal ini diputuskan oleh tim {studio}; saya teruskan ke mereka, {when}.",
        "account_change": "Baik Kak, permintaannya saya teruskan ke tim {studio}, {when}.",
        "medical": "Aduh Kak, semoga lekas membaik. Saya sudah memberi tahu tim {studio}, {when}. "
        "Mohon istirahat dulu dan hubungi dokter. Kalau memburuk, {emergency}.",
        "emergency": "Kak, {emergency} sekarang juga dan minta bantuan orang di dekat Kakak. "
        "Tim {studio} sudah saya beri tahu, {when}.",
        "self_harm": "Terima kasih sudah cerita, Kak. Kedengarannya berat sekali, dan Kakak tidak sendirian. "
        "{helpline} Kalau sedang dalam bahaya, {emergency}. Tim {studio} juga sudah saya beri tahu, {when}.",
        "safeguarding": "Terima kasih sudah memberi tahu, Kak. Ini kami anggap serius. Saya sudah memberi tahu tim "
        "{studio}, {when}. Kalau Kakak merasa tidak aman, {emergency}.",
        "voice": "Maaf Kak, pesan suaranya belum bisa saya dengarkan. Boleh ditulis saja? Tim {studio} juga sudah saya beri tahu, {when}.",
        "image": "Maaf Kak, fotonya belum bisa saya lihat. Sudah saya teruskan ke tim {studio}, {when}.",
        "payment": "Terima kasih Kak. Pembayaran hanya bisa dikonfirmasi oleh tim {studio}; sudah saya teruskan, {when}.",
        "media": "Terima kasih Kak. Maaf, saya belum bisa membuka kiriman ini. Saya teruskan ke tim {studio}, {when}.",
        "late": "Maaf baru sempat membalas, Kak.",
        "told": "Saya juga sudah memberi tahu tim {studio}, {when}.",
        "soon": "mereka akan membalas di sini",
        "now": "mereka akan segera membalas di sini",
        "at": "mereka membalas di sini mulai {day} pukul {time}",
    },
    "en": {
        "hello": "Hi! I'm {persona}, the assistant of {studio}. How can I help: schedule, prices, location?",
        "thanks": "You're welcome 🙏",
        "bye": "Great, see you at {studio} 🙏",
        "close": "All right 🙏 If you have a question about {studio}, just write here.",
        "introduce": "Here is what {studio} says (in Indonesian):",
        "classes": "Here is what I can tell you about at {studio}:",
        "schedules": "These are the timetables I have for {studio}:",
        "location & facilities": "This is what I can tell you about our place:",
        "which": "Which one would you like to know more about?",
        "off_topic": "Sorry, I can only help with {studio}: schedule, classes, prices and location.",
        "cannot_answer": "Let me check that with the {studio} team, {when}.",
        "human_request": "Of course. I've passed this on to the {studio} team, {when}.",
        "complaint": "I'm sorry about this experience. I've passed your message to the {studio} team, {when}.",
        "billing": "Thank you for telling us, and sorry for the trouble. The {studio} team will check the payment, {when}.",
        "refund": "I've passed your request to the {studio} team. They decide about it, {when}.",
        "policy_exception": "I understand. The {studio} team decides about this; I've passed it on, {when}.",
        "account_change": "I've passed your request to the {studio} team, {when}.",
        "medical": "I'm sorry to hear that, and I hope you feel better soon. I've told the {studio} team, {when}. "
        "Please rest and see a doctor. If it gets worse, {emergency}.",
        "emergency": "Please {emergency} now, and ask someone near you for help. I've told the {studio} team, {when}.",
        "self_harm": "Thank you for telling me. That sounds very hard, and you are not alone. "
        "{helpline} If you are in danger, please {emergency}. I've told the {studio} team too, {when}.",
        "safeguarding": "Thank you for telling us. We take this seriously. I've told the {studio} team, {when}. "
        "If you feel unsafe, please {emergency}.",
        "voice": "Sorry, I can't listen to this voice note. Could you write it instead? I've told the {studio} team too, {when}.",
        "image": "Sorry, I can't see this picture. I've passed it to the {studio} team, {when}.",
        "payment": "Thank you. Only the {studio} team can confirm a payment; I've passed it on, {when}.",
        "media": "Thank you. Sorry, I can't open this kind of message yet. I've passed it to the {studio} team, {when}.",
        "late": "Sorry for the late answer.",
        "told": "I've also told the {studio} team, {when}.",
        "soon": "they will answer you here",
        "now": "they will answer you here shortly",
        "at": "they answer here from {day} at {time}",
    },
}


def phrase(name: str, language: str, tenant: Tenant, at: dt.datetime) -> str:
    """The fixed text `name`, filled in for the studio. Categories of escalations are names, too."""
    texts = _TEXTS[language]
    emergency, helpline = help_numbers(tenant, language)
    return texts[name].format(
        studio=tenant.name,
        persona=tenant.persona_name,
        when=_when(tenant, language, at),
        emergency=emergency,
        helpline=helpline,
    )


def help_numbers(tenant: Tenant, language: str) -> tuple[str, str]:
    """Where to call in danger, and whom to talk to in distress."""
    return help_lines(tenant.timezone, language)


def day_name(day: dt.date, language: str) -> str:
    return _DAYS[language][day.weekday()]


def _when(tenant: Tenant, language: str, at: dt.datetime) -> str:
    """When a person will answer, as far as the opening hours tell."""
    opening = next_opening(tenant, at)
    if opening is None:
        return _TEXTS[language]["now" if is_open(tenant, at) else "soon"]
    return _TEXTS[language]["at"].format(day=day_name(opening, language), time=f"{opening:%H:%M}")
