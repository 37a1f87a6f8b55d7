"""The pages of an import: from the file to the report, and from the report to the entries."""

import pytest
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from knowledge import importing, linewriting
from knowledge.models import Upload
from tenants.models import Membership, Tenant
from tests import factories

BEGIN = "/admin/knowledge/knowledgeentry/import/"
TABLE = "judul;isi;kategori\nHarga;Rp 150.000;harga\nJadwal;Senin;salah\n"


@pytest.fixture
def owner(client: Client, sari: User) -> Client:
    client.force_login(sari)
    return client


def bring(owner: Client, text: str = TABLE, name: str = "file.csv") -> Upload:
    owner.post(BEGIN, {"file": SimpleUploadedFile(name, text.encode())})
    return Upload.objects.get()


def choose(owner: Client, upload: Upload, **more: str) -> str:
    form = {f"column-{name}": str(at) for name, at in upload.mapping.items()}
    page = owner.post(f"{BEGIN}{upload.pk}/columns/", form | more, follow=True)
    return page.content.decode()


def test_from_the_file_to_the_entries(owner: Client, ombak: Tenant, sari: User) -> None:
    upload = bring(owner)
    assert (upload.tenant, upload.made_by, upload.file_name) == (ombak, sari, "file.csv")
    columns = owner.get(f"{BEGIN}{upload.pk}/columns/").content.decode()
    assert "Rp 150.000" in columns
    report = choose(owner, upload)
    assert "1 line has errors" in report
    assert "Row 3" in report
    assert "“salah” is no category" in report

    refused = owner.post(f"{BEGIN}{upload.pk}/confirm/", follow=True).content.decode()
    assert "Nothing was written. Lines with errors: 1." in refused
    owner.post(f"{BEGIN}{upload.pk}/confirm/", {"only_good": "on"})
    assert not ombak.entries.exists()  # never in the request
    linewriting.write_next(timezone.now())
    page = owner.get(f"{BEGIN}{upload.pk}/report/").content.decode()
    assert "1 of 1 lines are written." in page
    assert ombak.entries.get().title == "Harga"


def test_progress_is_told_only_when_it_is_new(owner: Client, ombak: Tenant) -> None:
    upload = bring(owner, "judul,isi,kategori\nHarga,Rp 1,classes\n")
    choose(owner, upload)
    importing.confirm(upload, only_good=False, at=timezone.now())
    address = f"{BEGIN}{upload.pk}/progress/"
    first = owner.get(address)
    assert first.status_code == 200
    assert "0 of 1 lines are written." in first.content.decode()
    assert owner.get(address, {"seen": "running-0-0-0"}).status_code == 204
    linewriting.write_next(timezone.now())
    over = owner.get(address, {"seen": "running-0-0-0", "state": "running"})
    assert over.headers["HX-Refresh"] == "true"


def test_a_file_that_cannot_be_read_is_told_on_the_page(owner: Client) -> None:
    file = SimpleUploadedFile("x.csv", b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR")
    page = owner.post(BEGIN, {"file": file}).content.decode()
    assert "This is no table." in page
    assert "Choose a file first." in owner.post(BEGIN).content.decode()
    assert not Upload.objects.exists()


def test_an_import_of_another_studio_does_not_exist(owner: Client, senja: Tenant) -> None:
    theirs = importing.begin(
        senja, by=None, name="x", data=TABLE.encode(), language="en", at=timezone.now()
    )
    importing.choose(theirs, theirs.mapping)
    for step in ("columns", "report", "progress"):
        assert owner.get(f"{BEGIN}{theirs.pk}/{step}/").status_code == 404
    for step in ("columns", "confirm", "stop"):
        assert owner.post(f"{BEGIN}{theirs.pk}/{step}/", {"only_good": "on"}).status_code == 404
    theirs.refresh_from_db()
    assert theirs.state == "open"


def test_the_front_desk_does_not_import(client: Client, ombak: Tenant) -> None:
    client.force_login(factories.staff("wayan", ombak, Membership.Role.FRONT_DESK))
    assert client.get(BEGIN).status_code == 403
    assert client.post(BEGIN).status_code == 403


@pytest.mark.parametrize("step", ["confirm", "stop"])
def test_a_link_confirms_nothing(owner: Client, step: str) -> None:
    upload = bring(owner, "judul,isi,kategori\nHarga,Rp 1,classes\n")
    choose(owner, upload)
    assert owner.get(f"{BEGIN}{upload.pk}/{step}/").status_code == 405
    upload.refresh_from_db()
    assert upload.state == "open"


@pytest.mark.parametrize("language", ["en", "id"])
def test_what_was_exported_is_read_again_in_either_language(
    owner: Client, ombak: Tenant, language: str
) -> None:
    factories.entry(ombak, "Harga; paket, dan lain-lain", content="Rp 1,5 juta; di tempat.")
    address = "/admin/knowledge/knowledgeentry/export.csv"
    made = owner.post(address, headers={"Accept-Language": language}).content
    assert made.decode("utf-8-sig").startswith({"en": '"title","', "id": '"title";"'}[language])
    at = timezone.now()
    upload = importing.begin(ombak, by=None, name="x.csv", data=made, language=language, at=at)
    importing.choose(upload, upload.mapping)
    assert upload.counts() | {"same": 1} == upload.counts()


@pytest.mark.parametrize("language", ["en", "id"])
@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_the_template_can_be_imported_as_it_is(
    owner: Client, ombak: Tenant, language: str, kind: str
) -> None:
    made = owner.get(f"{BEGIN}template.{kind}", headers={"Accept-Language": language})
    upload = importing.begin(
        ombak, by=None, name="x", data=made.content, language="en", at=timezone.now()
    )
    importing.choose(upload, upload.mapping)
    assert upload.counts() | {"new": 2} == upload.counts()


def test_the_report_takes_as_many_queries_for_many_lines(
    owner: Client, django_assert_max_num_queries
) -> None:
    upload = bring(
        owner, "judul,isi,kategori\n" + "".join(f"Kelas {n},x,classes\n" for n in range(200))
    )
    choose(owner, upload)
    with django_assert_max_num_queries(30):
        owner.get(f"{BEGIN}{upload.pk}/report/")
