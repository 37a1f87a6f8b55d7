"""Saving from plain data: every wrong field gets its sentence, and then nothing is saved."""

import datetime as dt

import pytest
from django.core.exceptions import ValidationError

from knowledge.entries import save_entry
from knowledge.models import KnowledgeCategory, KnowledgeEntry
from tests import factories

GOOD = {"title": "Parkir", "category": "location & facilities", "content": "Gratis."}


def errors(tenant, **data) -> dict[str, list[str]]:
    with pytest.raises(ValidationError) as caught:
        save_entry(tenant, GOOD | data)
    assert not KnowledgeEntry.objects.exists()
    return caught.value.message_dict


def test_a_good_entry_is_saved_with_the_studios_language(ombak):
    entry = save_entry(ombak, GOOD)
    assert (entry.status, entry.language, entry.external_id) == ("active", "id", None)


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("title", " ", "The title is missing."),
        ("title", "x" * 201, "201 characters are too many; 200 at most."),
        ("title", 7, "Expected a text."),
        ("content", "", "The text is missing. Write what customers should be told."),
        ("content", "x" * 100_000, "100000 characters are too many; 20000 at most."),
        ("language", "fr", "“fr” is not possible for the language. Choose one of: id, en."),
        ("valid_from", "31-12-2026", "“31-12-2026” is no date. Write it as 2026-12-31."),
        ("valid_from", "2026-02-31", "“2026-02-31” is no date. Write it as 2026-12-31."),
    ],
)
def test_a_wrong_field_gets_a_sentence(ombak, field, value, sentence):
    assert errors(ombak, **{field: value}) == {field: [sentence]}


def test_all_wrong_fields_are_told_at_once(ombak):
    assert set(errors(ombak, title="", category="Harga", status="gone")) == {
        *("title", "category", "status")
    }


def test_an_unknown_category_names_the_known_ones(ombak):
    KnowledgeCategory.objects.create(tenant=ombak, name="Retreats")
    (sentence,) = errors(ombak, category="Food")["category"]
    assert sentence.startswith("“Food” is no category. Choose one of: schedules, classes,")
    assert sentence.endswith("Retreats.")
    assert save_entry(ombak, GOOD | {"category": "retreats"}).category == "Retreats"


def test_a_category_of_another_studio_is_unknown(ombak, senja):
    KnowledgeCategory.objects.create(tenant=senja, name="Retreats")
    assert "category" in errors(ombak, category="Retreats")


@pytest.mark.parametrize("keywords", [["parkir", " motor ", ""], "parkir, motor,parkir,,"])
def test_keywords_come_as_a_list_or_as_text(ombak, keywords):
    assert save_entry(ombak, GOOD | {"keywords": keywords}).keywords == "parkir, motor"


def test_the_last_day_is_not_before_the_first(ombak):
    days = {"valid_from": "2026-12-31", "valid_until": dt.date(2026, 12, 1)}
    assert errors(ombak, **days) == {"valid_until": ["The last day is before the first day."]}


def test_a_change_touches_only_what_is_given(ombak):
    entry = save_entry(ombak, GOOD | {"keywords": "motor"})
    save_entry(ombak, {"title": "Parkir motor"}, entry)
    entry.refresh_from_db()
    assert (entry.title, entry.keywords) == ("Parkir motor", "motor")


def test_an_external_id_is_unique_in_its_studio_only(ombak, senja):
    first = save_entry(ombak, GOOD | {"external_id": "parking"})
    save_entry(senja, GOOD | {"external_id": "parking"})
    save_entry(ombak, {"title": "Parkir mobil", "external_id": "parking"}, first)
    with pytest.raises(ValidationError, match="Another entry of this studio has the id"):
        save_entry(ombak, GOOD | {"external_id": "parking"})


def test_an_entry_of_another_studio_is_refused(ombak, senja):
    theirs = factories.entry(senja, "Parkir")
    with pytest.raises(ValidationError, match="another studio"):
        save_entry(ombak, GOOD, theirs)
    theirs.refresh_from_db()
    assert theirs.tenant == senja
