"""How well an entry fits a question, as staff read it under “Why?”."""

import pytest
from django.contrib.auth.models import User
from django.test import Client

from agent.fits import Fit, fits
from agent.models import Turn
from agent.turns import answer_next
from conversations import playground
from tenants.models import Tenant
from tests import factories
from tests.config.rows import conversation
from tests.pages import read


@pytest.mark.parametrize(
    ("question", "fit"),
    [
        ("brp hrg kelas privat kak?", Fit(3, 3)),
        ("how much is a private class", Fit(3, 3)),  # in the other language
        ("harga kelas privt di pantai", Fit(3, 4)),  # mistyped
        ("ada parkir mobil?", Fit(0, 1)),
        ("halo kak", Fit(0, 0)),
    ],
)
def test_words_count_in_both_languages_and_every_spelling(
    ombak: Tenant, question: str, fit: Fit
) -> None:
    entry = factories.entry(ombak, "Harga kelas privat", content="Rp 450.000 per jam.")
    assert fits(question, [entry]) == [fit]


def test_staff_see_the_place_and_the_fit_of_each_entry(
    client: Client, ombak: Tenant, sari: User
) -> None:
    factories.entry(ombak, "Harga kelas privat", content="Kelas privat Rp 450.000.")
    factories.entry(ombak, "Kelas anak", content="Kelas anak setiap Sabtu.")
    playground.ask(ombak, sari, "harga kelas privat berapa?", factories.NOW)
    assert answer_next("test", clock=lambda: factories.NOW, wait=lambda _seconds: None)
    client.force_login(sari)
    page = read(client, f"/admin/playground/why/{Turn.objects.get().pk}/")
    first, second = (
        page.index("found in place 1, has 3 of 3 words asked"),
        page.index("found in place 2"),
    )
    assert page.index("Harga kelas privat</a>") < first < page.index("Kelas anak</a>") < second
    assert "found in place 2, has 1 of 3 words asked" in page


def test_what_was_found_by_other_things_than_words_says_so(
    client: Client, ombak: Tenant, sari: User
) -> None:
    factories.entry(ombak, "Parkir", content="Motor gratis.", external_id="parking")
    turn = Turn.objects.get(conversation=conversation(ombak, "Ayu"))
    Turn.objects.filter(pk=turn.pk).update(entries=["parking"])
    client.force_login(sari)
    page = read(client, f"/admin/playground/why/{turn.pk}/")
    assert "found in place 1, by its meaning or by what was said before" in page


def test_a_run_without_a_customers_words_tells_the_place_only(
    client: Client, ombak: Tenant, sari: User
) -> None:
    factories.entry(ombak, "Parkir", content="Motor gratis.", external_id="parking")
    turn = Turn.objects.get(conversation=conversation(ombak, "Ayu"))
    Turn.objects.filter(pk=turn.pk).update(entries=["parking", "gone"], reply=None)
    client.force_login(sari)
    page = read(client, f"/admin/playground/why/{turn.pk}/")
    assert "found in place 1</span>" in page
    assert "found in place 2</span>" in page
    assert "words asked" not in page
