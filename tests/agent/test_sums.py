"""Each right statement leaves, and its neighbour with one fact exchanged is stopped: terms of packs, things of a list, what two pay,
what a class of a pack comes to."""

import datetime as dt

import pytest

from agent.guard import Sources, unsupported

WEDNESDAY = dt.date(2026, 11, 18)
ENTRIES = (
    "Harga\n1 kelas Rp 130.000. Paket 5 kelas Rp 600.000 (berlaku 30 hari), paket 10 kelas Rp 1.100.000 (berlaku 3 bulan).",
    "Kelas privat\nRp 500.000 untuk satu orang, Rp 700.000 untuk dua orang.",
    "Harga KTP\nPemegang KTP: 1 kelas Rp 100.000, 10 kelas Rp 850.000 (berlaku 4 bulan).",
    "Sound Bath\nTiket Rp 200.000 per orang.",
    "Sewa\nSewa matras Rp 20.000, handuk Rp 15.000, loker Rp 7.000.",
)
IN_THOUSANDS = ("Sewa alat (dalam ribu)\nmatras 20, handuk 15, loker 7.",)


def missing(draft, question="", entries=ENTRIES):
    return unsupported(draft, Sources(entries, (), (question,), WEDNESDAY))


@pytest.mark.parametrize(
    ("question", "right", "wrong"),
    [
        ("paket 10 berlaku brp lama", "Paket 10 berlaku 3 bulan", "Paket 10 berlaku 30 hari"),
        ("paket 10 berlaku brp lama", "Paket 10 berlaku 3 bulan", "Paket 10 berlaku 4 bulan"),
        ("paket 10 berlaku brp lama", "Berlaku 3 bulan ya Kak.", "Berlaku 30 hari ya Kak."),
        ("paket 10 ktp?", "Paket 10 KTP berlaku 4 bulan", "Paket 10 KTP berlaku 30 hari"),
        ("paket 5?", "Paket 5 berlaku 30 hari Kak.", "Paket 5 berlaku 3 bulan Kak."),
        (
            "how long?",
            "The 5-class pass is valid for 30 days.",
            "The 5-class pass is valid for 3 months.",
        ),
        (
            "bedanya?",
            "Paket 5 berlaku 30 hari, paket 10 berlaku 3 bulan.",
            "Paket 5 berlaku 3 bulan, paket 10 berlaku 30 hari.",
        ),
    ],
)
def test_the_term_of_another_pack_is_stopped(question, right, wrong):
    assert missing(right, question) == []
    assert missing(wrong, question)


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("Towel is IDR 15,000.", "Towel is IDR 20,000."),
        ("Matras 20rb, handuk 15rb Kak.", "Matras 15rb, handuk 20rb Kak."),
        ("A mat is 20k, a towel 15k.", "A mat is 15k and a towel 20k."),
        ("Handuk Rp 15.000, matras Rp 20.000.", "Handuk Rp 20.000, matras Rp 15.000."),
        ("- Matras: Rp 20.000\n- Handuk: Rp 15.000", "- Matras: Rp 15.000\n- Handuk: Rp 20.000"),
        (
            "Matras Rp 20.000, handuk Rp 15.000, loker Rp 7.000",
            "Matras Rp 20.000, handuk Rp 7.000, loker Rp 15.000",
        ),
    ],
)
@pytest.mark.parametrize("question", ["sewa matras sama handuk brp", "mats and towels?"])
def test_the_price_of_a_neighbour_in_a_list_is_stopped(question, right, wrong):
    assert missing(right, question) == []
    assert missing(wrong, question)


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("matras 20, handuk 15", "matras 15, handuk 20"),
        ("Matras 20, handuk 15, loker 7 ya Kak", "Matras 20, handuk 7, loker 15 ya Kak"),
        ("Handuk 15 Kak", "Handuk 20 Kak"),
    ],
)
def test_a_neighbours_number_is_stopped_where_the_studio_leaves_out_the_thousands(right, wrong):
    for question in ("sewa brp", "sewa matras handuk berapa"):
        assert missing(right, question, IN_THOUSANDS) == []
        assert missing(wrong, question, IN_THOUSANDS)


@pytest.mark.parametrize(
    ("question", "right", "wrong"),
    [
        ("untuk dua orang berapa?", "Untuk dua orang Rp 260.000 Kak.", "250.000"),
        ("untuk dua orang berapa?", "Untuk dua orang Rp 260.000 Kak.", "200.000"),
        ("drop in berdua brp?", "Berdua jadi Rp 260.000 Kak.", "200.000"),
        ("how much for two people?", "For two people it's IDR 260,000.", "IDR 1,200,000"),
        ("kami bertiga, 1 kelas brp", "Untuk bertiga Rp 390.000 Kak.", "300.000"),
        ("bertiga brp", "Untuk 3 orang totalnya Rp 390.000 (3 x Rp 130.000).", "300.000"),
        ("ktp untuk dua orang brp?", "KTP untuk dua orang Rp 200.000.", "260.000"),
        ("sound bath untuk dua orang?", "Sound Bath untuk dua orang Rp 400.000.", "260.000"),
        ("sound bath untuk dua orang?", "Untuk dua orang Rp 400.000.", "260.000"),
        # Two have a price of their own.
        ("privat untuk dua orang?", "Kelas privat untuk dua orang Rp 700.000.", "1.000.000"),
    ],
)
def test_what_two_pay_is_worked_out_of_the_price_that_was_asked_about(question, right, wrong):
    assert missing(right, question) == []
    amount = next(
        part
        for part in ("260.000", "390.000", "400.000", "700.000", "200.000", "IDR 260,000")
        if part in right
    )
    assert missing(right.replace(amount, wrong, 1), question)


def test_what_two_pay_is_told_to_who_asked_for_two():
    assert missing("Untuk dua orang Rp 260.000 Kak.", "berapa?")


@pytest.mark.parametrize(
    ("question", "right", "wrong"),
    [
        (
            "paket 10 per kelas?",
            "Jatuhnya Rp 110.000 per kelas Kak.",
            "Jatuhnya Rp 120.000 per kelas Kak.",
        ),
        ("paket 10?", "Paket 10 Rp 110.000 per kelas", "Paket 10 Rp 85.000 per kelas"),
        (
            "ktp paket 10?",
            "KTP paket 10: Rp 85.000 per kelas",
            "KTP paket 10: Rp 110.000 per kelas",
        ),
        (
            "5 class pack?",
            "With the 5-class pack it is IDR 120,000 per class.",
            "With the 5-class pack it is IDR 110,000 per class.",
        ),
        (
            "paket 10?",
            "Paket 10 kelas Rp 1.100.000, jadi Rp 110.000 per kelas.",
            "Paket 10 kelas Rp 1.100.000, jadi Rp 120.000 per kelas.",
        ),
    ],
)
def test_a_class_of_a_pack_comes_to_its_share(question, right, wrong):
    assert missing(right, question) == []
    assert missing(wrong, question)
