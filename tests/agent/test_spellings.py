"""Numbers in the spellings of chats are read, in what is right and in what is wrong."""

import datetime as dt

import pytest

from agent.guard import Sources, unsupported

KNOWN = (
    "Info\nSekali datang Rp 160.000, bulanan unlimited Rp 1.500.000, sewa handuk Rp 5.000. Sewa ruangan per jam Rp 200.000.\n"
    "Yin Yoga Senin dan Kamis jam 18.15, Vinyasa setiap hari jam 07.30. Pembatalan gratis sampai 4 jam sebelum kelas.\n"
    "Retret 12 Maret 2027. Paket berlaku 6 bulan. Buka setiap hari."
)
WEDNESDAY = dt.date(2026, 11, 18)


def missing(draft, *customer, told=(), clock=()):
    return unsupported(draft, Sources((KNOWN,), (), customer, WEDNESDAY, told=told, clock=clock))


@pytest.mark.parametrize(
    "draft",
    [
        "seratusenampuluhribu Kak",
        "seratus enampuluh ribu",
        "handuk goceng",
        "Yin jam enam lewat seperempat malam",
        "Vinyasa jam tujuh tigapuluh",
        "Vinyasa half past seven in the morning",
        "unlimited sebulan Rp 1.500.000",
        "unlimited for one month is Rp 1.500.000",
        "Rp 200.000 for 1 hour",
        "berlaku setengah tahun",
        "valid for half a year",
        "Retret bulan Maret",
        "the retreat is in March",
        "Batal gratis sampai empat jam sebelum kelas",
        "Open 7 days a week",
        "Buka 7 hari seminggu",
        "Yin is on twice a week, Monday and Thursday",
        "Yin dua kali seminggu",
        "Dua pilihan: sekali datang atau unlimited.",
        "Two options: drop-in or unlimited",
        "There are two ways to pay",
        "1) sekali datang 2) unlimited",
        "Both the 7.30 am class and Yin at 6.15 pm",
        "sekali datang 160 ribuan",
        "unlimited 1jt 500rb",
        "unlimited 1 juta 500 ribu",
        "free until 4 hrs before class",
        "Vinyasa is at 7:30 o'clock in the morning",
    ],
)
def test_what_is_right_leaves(draft):
    assert missing(draft) == []


@pytest.mark.parametrize(
    "draft",
    [
        "seratusenampuluhlimaribu Kak",
        "sekali datang 150 ribuan",
        "unlimited 1jt 600rb",
        "Yin is at six o'clock in the morning",
        "Retret Minggu 22 November 2026",
        "2 x Rp 1.500.000 = Rp 320.000",
        "seratuslimapuluhribu",
        "sekali datang goban",
        "sekali datang gopek",
        "sekali datang cepek ribu",
        "Yin jam enam lewat setengah jam 7",
        "Yin jam tujuh lewat seperempat",
        "Vinyasa jam tujuh empatpuluh",
        "Batal gratis sehari sebelumnya",
        "Batal gratis sampai sejam sebelum kelas",
        "Free cancellation until a day before",
        "berlaku setahun",
        "valid for a week",
        "Retret bulan Januari",
        "the retreat is in July",
        "Rp 150,0000",
        "Rp 160,0000 ya",
        "Yin three times a week",
    ],
)
def test_what_is_wrong_is_stopped(draft):
    assert missing(draft)


CLOCK = (
    "Now: Wednesday, 18 November 2026, 20:07 (Asia/Jakarta).",
    "Tim membalas mulai Kamis pukul 08:00.",
)


@pytest.mark.parametrize(
    "draft", ["Yin mulai jam 20:07", "Vinyasa jam 8 pagi", "Kelas jam 08:00 ya Kak"]
)
def test_the_clock_and_the_teams_hours_are_no_hours_of_classes(draft):
    assert missing(draft, clock=CLOCK)


@pytest.mark.parametrize(
    "draft",
    [
        "Sekarang jam 20:07 Kak.",
        "Tim kami membalas mulai besok jam 08:00.",
        "The team will answer from 8 am.",
    ],
)
def test_the_clock_and_the_teams_hours_may_be_told_as_such(draft):
    assert missing(draft, clock=CLOCK) == []


GUESS = "kelas Yin jam 9 malam hari Rabu kan?"


@pytest.mark.parametrize(
    "draft",
    [
        "Betul Kak, Yin jam 9 malam",
        "Iya Kak, hari Rabu jam 21.00.",
        "Yes, at 9 pm!",
        "Yin Rabu jam 9 malam ya Kak 😊",
    ],
)
def test_what_the_customer_guessed_is_not_confirmed(draft):
    assert missing(draft, GUESS)


@pytest.mark.parametrize(
    "draft",
    [
        "Jam 9 malam belum ada kelas Kak. Yin Senin dan Kamis jam 18.15.",
        "There is no class at 9 pm on Wednesday, sorry.",
        "Bukan hari Rabu Kak, Yin hari Senin dan Kamis jam 18.15.",
        "Kelas jam 9 malam saya cek dulu ke tim ya.",
        "Kalau Kakak datang jam 9 malam, studio sudah sepi.",
    ],
)
def test_a_guess_may_be_denied_or_left_open(draft):
    assert missing(draft, GUESS) == []
