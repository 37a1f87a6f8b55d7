"""Which questions are about the same thing."""

import pytest

from agent.likeness import ALIKE, closest, likeness, sense

PARKING, CLASSPASS, VOUCHER = "ada parkir mobil?", "terima classpass ga?", "ada voucher?"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (PARKING, "is there parking for my car"),
        (PARKING, "parkir dimana ya"),
        (CLASSPASS, "u guys on classpass?"),
        (VOUCHER, "gift card for my gf"),
        ("brp harga sewa handuk", "handuk disediakan ga"),
    ],
)
def test_the_same_thing_in_other_words_is_alike(one, other):
    assert likeness(sense(one), sense(other)) >= ALIKE


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (PARKING, VOUCHER),
        ("brp harga sewa handuk", "brp harga aerial"),
        ("do you accept bitcoin", "do you accept ClassPass"),
        ("ada kelas aerial?", "ada kelas prenatal?"),
        ("voucher buat teman", "paket dipakai teman"),
    ],
)
def test_the_same_way_of_asking_is_not(one, other):
    assert likeness(sense(one), sense(other)) < ALIKE


def test_a_question_that_names_nothing_goes_on_about_what_was_asked_before():
    assert likeness(sense("kalau besok?", PARKING), sense(PARKING)) >= ALIKE
    assert likeness(sense("ada voucher?", PARKING), sense(PARKING)) < ALIKE


def test_the_closest_is_the_first_of_equals():
    known = [sense(VOUCHER), sense(PARKING), sense(PARKING)]
    assert closest(sense("parkir motor?"), enumerate(known)) == 1
    assert closest(sense("boleh bawa anjing?"), enumerate(known)) is None
