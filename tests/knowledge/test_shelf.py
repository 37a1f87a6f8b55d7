"""What a process keeps of its studios: as many as fit, by what they hold."""

from knowledge import shelf
from knowledge.shelf import shelf_of
from tests import factories


def test_large_shelves_make_room_for_the_one_that_is_asked_for(ombak, senja, monkeypatch):
    for tenant in (ombak, senja):
        for number in range(3):
            factories.entry(tenant, f"Kelas {number}", content="Yin, Vinyasa, Hatha dan Prenatal")
    first = shelf_of(ombak, "")
    assert first.size > 10
    monkeypatch.setattr(shelf, "MOST_HELD", first.size + 5)
    second = shelf_of(senja, "")
    assert list(shelf._shelves) == [senja.pk]
    assert shelf_of(senja, "") is second
    again = shelf_of(ombak, "")
    assert again is not first
    assert list(again.words) == list(first.words)


def test_one_shelf_that_is_larger_than_all_the_room_still_serves(ombak, monkeypatch):
    factories.entry(ombak)
    monkeypatch.setattr(shelf, "MOST_HELD", 1)
    assert shelf_of(ombak, "") is shelf_of(ombak, "")


def test_the_studio_that_was_asked_for_last_stays(ombak, senja, monkeypatch):
    for tenant in (ombak, senja):
        factories.entry(tenant)
    monkeypatch.setattr(shelf, "KEPT", 2)
    shelf_of(ombak, "")
    shelf_of(senja, "")
    kept = shelf_of(ombak, "")
    shelf_of(factories.studio("laut"), "")
    assert shelf_of(ombak, "") is kept
    assert senja.pk not in shelf._shelves
