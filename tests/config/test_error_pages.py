"""An error is a page with a sentence and a way on, in the person's language."""

import pytest
from django.contrib.auth.models import User
from django.template.loader import render_to_string
from django.test import Client

from tenants.models import Membership, Tenant
from tests import factories

HOME = 'href="/admin/"'


@pytest.mark.parametrize(
    ("language", "sentence"),
    [("en", "This page does not exist"), ("id", "Halaman ini tidak ada")],
)
def test_an_unknown_address(client: Client, sari: User, language: str, sentence: str) -> None:
    client.force_login(sari)
    client.cookies["django_language"] = language
    answer = client.get("/admin/nothing/here/")
    assert answer.status_code == 404
    assert sentence in answer.content.decode()
    assert HOME in answer.content.decode()


def test_a_page_that_the_role_does_not_include(client: Client, ombak: Tenant) -> None:
    client.force_login(factories.staff("desk", ombak, Membership.Role.FRONT_DESK))
    answer = client.get("/admin/whatsapp/")
    assert answer.status_code == 403
    assert "Your role in this studio does not include it." in answer.content.decode()


def test_a_form_from_before_the_login(sari: User) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(sari)
    answer = strict.post("/admin/playground/", {"text": "hi"})
    assert answer.status_code == 403
    assert "Nothing was saved." in answer.content.decode()


def test_another_host_name(client: Client) -> None:
    answer = client.get("/admin/login/", headers={"host": "evil.example"})
    assert answer.status_code == 400
    assert "ALLOWED_HOSTS" in answer.content.decode()
    assert "evil.example" not in answer.content.decode()


def test_an_error_of_ours_needs_no_request() -> None:
    assert "the log says more" in render_to_string("500.html")
