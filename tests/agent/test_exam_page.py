"""The exam in the admin: started by a page, answered by the service, with links to write what is missing."""

import datetime as dt
from urllib.parse import parse_qs, urlsplit

from django.test import Client
from django.utils import timezone

from agent import examining, prefill
from agent.records import Exam
from agent.topics import topics
from tenants.models import Membership, Tenant
from tests import factories
from tests.pages import read

PAGE = "/admin/exam/"


def finish() -> None:
    while examining.examine_next(timezone.now()):
        pass


def test_a_page_never_asks_by_itself(owner: Client, ombak: Tenant) -> None:
    assert "No exam yet." in read(owner, PAGE)
    assert owner.post(PAGE, {"language": "en"}).status_code == 302
    assert not Exam.objects.get().answers.exists()
    page = read(owner, PAGE)
    assert "0 of 40 questions asked" in page
    assert "every 1s" in page


def test_missing_entries_lead_to_a_form_that_is_filled_in(owner: Client, ombak: Tenant) -> None:
    owner.post(PAGE, {"language": "id"})
    finish()
    page = read(owner, PAGE)
    assert "every 1s" not in page
    assert "questions ended well" in page
    assert "Say whether cars and motorbikes can park and what it costs." in page
    address = prefill.for_topic(topics()["parking"], "id")
    assert parse_qs(urlsplit(address).query)["title"] == ["Parkir"]
    form = read(owner, address)
    assert 'value="Parkir"' in form
    assert "Motor: … Mobil: … Biaya: …" in form
    assert "parkir, mobil, motor, parking" in form


def test_an_entry_that_was_written_since_says_so(owner: Client, ombak: Tenant) -> None:
    owner.post(PAGE, {"language": "id"})
    finish()
    assert "Written since" not in read(owner, PAGE)
    factories.entry(ombak, "Parkir", content="Motor dan mobil bisa parkir gratis.")
    Tenant.objects.filter(pk=ombak.pk).update(knowledge_version=9)
    assert "Written since" in read(owner, PAGE)


def test_in_indonesian(owner: Client, ombak: Tenant) -> None:
    owner.post("/i18n/setlang/", {"language": "id"})
    owner.post(PAGE, {"language": "id"})
    finish()
    page = read(owner, PAGE)
    assert "Tulis apakah mobil dan motor bisa parkir" in page
    assert "pertanyaan berakhir baik" in page


def test_a_poll_without_news_has_no_body(owner: Client, ombak: Tenant) -> None:
    owner.post(PAGE)
    seen = read(owner, PAGE).split("results/?seen=")[1].split('"')[0]
    assert owner.get("/admin/exam/results/", {"seen": seen}).status_code == 204


def test_an_exam_that_nobody_takes_is_explained(owner: Client, ombak: Tenant) -> None:
    owner.post(PAGE)
    assert "process is not running" not in read(owner, PAGE)
    Exam.objects.update(created_at=timezone.now() - dt.timedelta(seconds=10))
    assert "process is not running" in read(owner, PAGE)


def test_stopping_is_a_post(owner: Client, ombak: Tenant) -> None:
    owner.post(PAGE)
    owner.get("/admin/exam/stop/")
    assert Exam.objects.get().state == Exam.State.RUNNING
    owner.post("/admin/exam/stop/")
    assert Exam.objects.get().state == Exam.State.STOPPED


def test_the_front_desk_may_not_spend_money_on_exams(client: Client, ombak: Tenant) -> None:
    client.force_login(factories.staff("wayan", ombak, Membership.Role.FRONT_DESK))
    assert client.get(PAGE).status_code == 403
    assert client.post(PAGE).status_code == 403
    assert not Exam.objects.exists()
