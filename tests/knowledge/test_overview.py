"""Questions for everything of a kind: short lists from the studio's own entries."""

import pytest

from knowledge.overview import overview
from tests import factories


@pytest.fixture
def offers(ombak):
    for title in ("Apa itu Hatha Lembut?", "Aerial yoga", "Which class is for me?"):
        factories.entry(ombak, title, category="classes")
    factories.entry(ombak, "Jadwal", category="schedules", content="- Yin: Jumat 19.00")
    factories.entry(ombak, "Kelas rahasia", category="classes", status="draft")
    return ombak


@pytest.mark.parametrize(
    "question", ["What classes do you offer?", "kelasnya apa aja kak", "ada kelas apa aja?"]
)
def test_the_classes_are_listed_by_the_names_in_their_titles(offers, now, question):
    found = overview(offers, question, at=now)
    assert found
    assert found.category == "classes"
    assert found.text == "- Aerial yoga\n- Hatha Lembut"


@pytest.mark.parametrize("question", ["jadwal besok", "can I see the schedule", "jadwal dong kak"])
def test_the_only_entry_of_a_kind_is_told_as_it_stands(offers, now, question):
    found = overview(offers, question, at=now)
    assert found
    assert (found.text, found.language) == ("- Yin: Jumat 19.00", "id")


@pytest.mark.parametrize(
    "question",
    [
        "jadwal pilates",
        "ada kelas pilates?",
        "harga kelas apa aja",
        "siapa yang mengajar kelas",
        "ada kolam renang?",
        "fasilitasnya apa aja",  # no entry of that kind
        "halo",
    ],
)
def test_a_question_for_something_particular_gets_no_list(offers, now, question):
    assert overview(offers, question, at=now) is None


def test_a_list_is_short(ombak, now):
    for number in range(30):
        factories.entry(ombak, f"Kelas {number:02} {'panjang ' * 5}", category="classes")
    found = overview(ombak, "kelasnya apa aja", at=now)
    assert found
    assert found.text.count("\n") == 7
    assert len(found.text) <= 600


def test_another_studios_entries_are_never_listed(offers, senja, now):
    assert overview(senja, "kelasnya apa aja", at=now) is None
