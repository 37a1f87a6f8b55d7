"""Knowledge in the admin: categories, bulk actions that tell the index, and a preview that runs nothing."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from knowledge.models import KnowledgeCategory, KnowledgeEntry
from knowledge.views import as_page
from tenants.models import Membership, Tenant
from tests import factories

ADD = "/admin/knowledge/knowledgeentry/add/"
LIST = "/admin/knowledge/knowledgeentry/"
FORM = {
    "title": "Harga",
    "category": "classes",
    "content": "x",
    "language": "id",
    "status": "active",
}


@pytest.fixture
def owner(client: Client, sari: User) -> Client:
    client.force_login(sari)
    return client


def test_an_entry_belongs_to_the_chosen_studio(owner: Client, ombak: Tenant) -> None:
    owner.post(ADD, FORM)
    assert ombak.entries.get().title == "Harga"


def test_a_category_is_one_of_the_five_or_the_studios_own(
    owner: Client, ombak: Tenant, senja: Tenant
) -> None:
    KnowledgeCategory.objects.create(tenant=ombak, name="Retreat")
    KnowledgeCategory.objects.create(tenant=senja, name="Meditasi")
    page = owner.get(ADD).content.decode()
    assert 'value="Retreat"' in page
    assert 'value="pricing &amp; policies"' in page
    assert "Meditasi" not in page
    owner.post(ADD, {**FORM, "category": "Meditasi"})
    assert not ombak.entries.exists()


def test_a_second_entry_of_the_same_file_id_gets_a_sentence(owner: Client, ombak: Tenant) -> None:
    factories.entry(ombak, external_id="k-1")
    response = owner.post(ADD, {**FORM, "external_id": "k-1"})
    assert response.status_code == 200
    assert ombak.entries.count() == 1


def test_archiving_in_bulk_saves_each_entry_so_that_the_index_hears_of_it(
    owner: Client, ombak: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    saved: list[str] = []
    save: Callable[..., Any] = KnowledgeEntry.save

    def noting(entry: KnowledgeEntry, *args: Any, **kwargs: Any) -> None:
        saved.append(entry.title)
        save(entry, *args, **kwargs)

    rows = [factories.entry(ombak, title=title) for title in ("Satu", "Dua")]
    monkeypatch.setattr(KnowledgeEntry, "save", noting)
    chosen = [str(row.pk) for row in rows]
    owner.post(LIST, {"action": "archive", "_selected_action": chosen})
    assert sorted(saved) == ["Dua", "Satu"]
    assert set(ombak.entries.values_list("status", flat=True)) == {"archived"}


def test_the_front_desk_reads_and_does_not_change(client: Client, ombak: Tenant) -> None:
    entry = factories.entry(ombak)
    client.force_login(factories.staff("wayan", ombak, Membership.Role.FRONT_DESK))
    assert client.get(f"{LIST}{entry.pk}/change/").status_code == 200
    assert client.post(f"{LIST}{entry.pk}/change/", FORM).status_code == 403
    assert client.post(ADD, FORM).status_code == 403
    client.post(LIST, {"action": "archive", "_selected_action": [str(entry.pk)]})
    entry.refresh_from_db()
    assert entry.status == KnowledgeEntry.Status.ACTIVE


def test_why_an_entry_is_not_indexed_stands_on_its_page(owner: Client, ombak: Tenant) -> None:
    entry = factories.entry(ombak)
    KnowledgeEntry.objects.filter(pk=entry.pk).update(
        index_state="failed", index_error="The key is <wrong>."
    )
    page = owner.get(f"{LIST}{entry.pk}/change/").content.decode()
    assert "The key is &lt;wrong&gt;." in page


def test_the_preview_is_markdown_without_anything_that_runs(owner: Client) -> None:
    text = "**Jadwal** <script>alert(1)</script> [x](javascript:alert(1)) ![](x onerror=1)"
    page = owner.post(f"{LIST}preview/", {"content": text}).content.decode()
    assert "<strong>Jadwal</strong>" in page
    assert "<script" not in page
    assert 'href="javascript' not in page


def test_tables_are_shown_as_tables() -> None:
    assert "<table>" in as_page("| a | b |\n|---|---|\n| 1 | 2 |")


def test_an_empty_list_says_what_to_write(owner: Client) -> None:
    assert "The assistant knows nothing yet." in owner.get(LIST).content.decode()
    assert "Nothing fits this search." in owner.get(LIST, {"q": "zzz"}).content.decode()


def test_a_draft_is_activated_by_one_button_on_its_page(owner: Client, ombak: Tenant) -> None:
    entry = factories.entry(ombak, "Harga", status="draft", category="classes", content="Rp 1")
    page = f"{LIST}{entry.pk}/change/"
    assert 'name="_activate"' in owner.get(page).content.decode()
    form = FORM | {"status": "draft", "content": "Rp 2", "_activate": "1"}
    assert owner.post(page, form).status_code == 302
    entry.refresh_from_db()
    assert (entry.status, entry.content) == ("active", "Rp 2")
    assert 'name="_activate"' not in owner.get(page).content.decode()


def test_a_template_with_gaps_is_saved_and_stays_a_draft(owner: Client, ombak: Tenant) -> None:
    entry = factories.entry(
        ombak, "Kelas", status="draft", external_id="template-classes-id", content="… dan …"
    )
    page = f"{LIST}{entry.pk}/change/"
    form = FORM | {"status": "draft", "external_id": entry.external_id, "_activate": "1"}
    answer = owner.post(page, form | {"content": "Yin dan …"}, follow=True)
    assert answer.redirect_chain == [(page, 302)]
    assert "Gaps marked “…” that are left: 1." in answer.content.decode()
    entry.refresh_from_db()
    assert (entry.status, entry.content) == ("draft", "Yin dan …")
    owner.post(page, form | {"content": "Yin dan Hatha"})
    entry.refresh_from_db()
    assert entry.status == "active"


def test_the_list_says_what_a_draft_is_about_and_nothing_of_its_index(
    owner: Client, ombak: Tenant
) -> None:
    factories.entry(
        ombak, "Kelas", status="draft", category="classes", language="en", index_state="indexed"
    )
    page = owner.get(LIST).content.decode()
    assert "Classes · English" in page
    assert "Not used yet" in page
    assert ">Indexed<" not in page.partition("<tbody>")[2]
