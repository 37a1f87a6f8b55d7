"""Two tabs: a form opened in one studio is never saved in another by accident, and loses nothing."""

import re
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from knowledge.models import KnowledgeEntry
from tenants.models import Membership, Tenant
from tests import factories

ADD = "/admin/knowledge/knowledgeentry/add/"
FORMS = [
    ADD,
    "/admin/knowledge/knowledgecategory/add/",
    "/admin/tenants/apitoken/add/",
    "/admin/team/",
    "/admin/playground/",
    "/admin/whatsapp/",
    "/admin/",
]
TYPED = {
    "title": "Sewa matras",
    "category": "pricing & policies",
    "language": "id",
    "content": "Sewa matras <b>Rp 10.000</b>.",
    "keywords": "",
    "status": "active",
    "external_id": "",
}


@pytest.fixture
def both(client: Client, ombak: Tenant, senja: Tenant, sari: User) -> Client:
    """Sari works for both studios, and has Ombak's form open while she looks at Senja."""
    Membership.objects.create(user=sari, tenant=senja, role=Membership.Role.OWNER)
    client.force_login(sari)
    choose(client, senja)
    return client


def choose(client: Client, studio: Tenant) -> None:
    client.post("/admin/studio/choose/", {"studio": str(studio.pk)})


def save(client: Client, opened: Tenant, **more: Any) -> Any:
    return client.post(ADD, {**TYPED, "of_studio": str(opened.pk), **more})


def test_a_form_of_the_other_studio_is_not_saved_but_asked_about(
    both: Client, ombak: Tenant
) -> None:
    answer = save(both, ombak)
    page = answer.content.decode()
    assert answer.status_code == 409
    assert "This form was opened for Ombak Yoga." in page
    assert "Sewa matras &lt;b&gt;Rp 10.000&lt;/b&gt;." in page  # nothing typed is lost
    assert not KnowledgeEntry.objects.exists()


def test_going_on_saves_it_where_it_was_opened(both: Client, ombak: Tenant) -> None:
    save(both, ombak, go_on_there="1")
    assert KnowledgeEntry.objects.get().tenant == ombak


def test_a_form_of_the_chosen_studio_is_saved_at_once(both: Client, senja: Tenant) -> None:
    save(both, senja)
    assert KnowledgeEntry.objects.get().tenant == senja


def test_going_live_in_an_old_tab_does_not_reach_the_other_studio(
    both: Client, ombak: Tenant, senja: Tenant
) -> None:
    Tenant.objects.update(mode=Tenant.Mode.TEST)
    both.post("/admin/studio/mode/", {"mode": "live", "of_studio": str(ombak.pk)})
    senja.refresh_from_db()
    assert senja.mode == Tenant.Mode.TEST


def test_a_question_in_an_old_playground_reloads_the_page(both: Client, ombak: Tenant) -> None:
    form = {"text": "alamat?", "of_studio": str(ombak.pk)}
    answer = both.post("/admin/playground/", form, headers={"HX-Request": "true"})
    assert (answer.status_code, answer.headers["HX-Refresh"]) == (204, "true")
    assert "You switched studios" in both.get("/admin/playground/").content.decode()


def test_naming_a_foreign_studio_opens_nothing(client: Client, senja: Tenant, sari: User) -> None:
    client.force_login(sari)
    assert senja.name not in save(client, senja).content.decode()
    assert save(client, senja, go_on_there="1").status_code == 403
    assert not KnowledgeEntry.objects.exists()


def test_who_looked_at_all_studios_is_asked_as_well(
    client: Client, ombak: Tenant, senja: Tenant
) -> None:
    client.force_login(factories.platform_admin())
    choose(client, senja)
    form = {**TYPED, "tenant": str(ombak.pk), "of_studio": ""}
    assert "All studios" in client.post(ADD, form).content.decode()
    client.post(ADD, form | {"go_on_there": "1"})
    assert KnowledgeEntry.objects.get().tenant == ombak


@pytest.mark.parametrize("address", FORMS)
def test_every_form_about_a_studio_says_which(
    client: Client, ombak: Tenant, senja: Tenant, address: str
) -> None:
    """Those about one row need it not: the row is another studio's and not found."""
    Tenant.objects.update(mode=Tenant.Mode.TEST)
    client.force_login(factories.platform_admin())
    choose(client, ombak)
    forms = re.findall(r"<form.*?</form>", client.get(address).content.decode(), re.DOTALL)
    ours = [f for f in forms if not re.search(r"studio/choose|setlang|logout|/search|mailto", f)]
    posts = [f for f in ours if 'method="post"' in f]
    assert posts
    for form in posts:
        assert f'name="of_studio" value="{ombak.pk}"' in form, form[:200]


def test_a_file_that_cannot_come_along_is_told(both: Client, ombak: Tenant) -> None:
    file = SimpleUploadedFile("<b>harga.pdf", b"%PDF-1.4")
    page = save(both, ombak, new_file=file).content.decode()
    assert "The file “&lt;b&gt;harga.pdf” is not kept. Choose it again" in page
    both.cookies["django_language"] = "id"
    page = save(both, ombak, new_file=SimpleUploadedFile("harga.pdf", b"x")).content.decode()
    assert "File “harga.pdf” tidak disimpan" in page
    assert "is not kept" not in save(both, ombak).content.decode()
