"""A new house: an admin who can log in, two demo studios, and nothing twice."""

import io
import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.test import Client
from pytest_django import Settings

from conversations import madeup
from knowledge.models import KnowledgeEntry
from tenants.models import Tenant
from tests import factories

pytestmark = pytest.mark.django_db
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(autouse=True)
def first_password(settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    settings.DATA_DIR = tmp_path
    monkeypatch.setattr("config.weeks.show", lambda *_args: 0)  # seconds each; test_weeks has them
    settings.ADMIN_USER, settings.ADMIN_PASS = "admin", ""
    return tmp_path / "first_password"


def initmila(*options: str) -> str:
    out = io.StringIO()
    call_command("initmila", *options, stdout=out)
    return out.getvalue()


def password_in(said: str) -> str:
    return said.split("password ")[1].split()[0]


def log_in(name: str, password: str) -> bool:
    client = Client()
    client.post("/admin/login/", {"username": name, "password": password})
    return "_auth_user_id" in client.session


def test_an_empty_house_gets_an_admin_and_two_live_studios() -> None:
    said = initmila()
    assert list(Tenant.objects.values_list("slug", "mode")) == [
        ("ombak", "live"),
        ("senja", "live"),
    ]
    assert KnowledgeEntry.objects.count() == 72
    assert log_in("admin", password_in(said))


def test_the_demo_is_free_of_poison_and_exam_and_has_the_address_that_its_knowledge_tells() -> None:
    initmila()
    assert not KnowledgeEntry.objects.filter(external_id__contains="misc").exists()
    assert [tenant.loaded for tenant in Tenant.objects.all()] == [{}, {}]
    for tenant in Tenant.objects.all():
        known = tenant.entries.get(external_id=f"{tenant.slug}-loc-address").content
        assert tenant.address
        assert tenant.address in known
        assert tenant.phone
        assert tenant.phone > madeup.LAST_PHONE  # no customer of the demo has it


def test_repeating_changes_nothing_and_shows_the_same_password(first_password: Path) -> None:
    first = initmila()
    again = initmila()
    assert password_in(first) == password_in(again) == first_password.read_text().strip()
    assert first_password.stat().st_mode & 0o777 == 0o600
    assert (Tenant.objects.count(), User.objects.count()) == (2, 1)


def test_after_the_first_login_the_password_is_shown_no_more(first_password: Path) -> None:
    assert log_in("admin", password_in(initmila("--no-demo")))
    assert initmila("--no-demo") == ""
    assert not first_password.exists()


def test_no_demo_and_a_house_with_a_studio_get_no_demo(ombak: Tenant) -> None:
    initmila()
    assert Tenant.objects.count() == 1
    Tenant.objects.all().delete()
    initmila("--no-demo")
    assert not Tenant.objects.exists()


def test_admin_pass_is_the_password_and_is_not_printed(settings: Settings) -> None:
    settings.ADMIN_USER, settings.ADMIN_PASS = "boss", "Sunrise-on-the-mat-7"
    assert "Sunrise" not in initmila("--no-demo")
    assert log_in("boss", "Sunrise-on-the-mat-7")


def test_admin_pass_replaces_a_printed_password_that_nobody_used(
    settings: Settings, first_password: Path
) -> None:
    initmila("--no-demo")
    settings.ADMIN_PASS = "Sunrise-on-the-mat-7"
    assert "now ADMIN_PASS" in initmila("--no-demo")
    assert not first_password.exists()
    assert log_in("admin", "Sunrise-on-the-mat-7")


def test_who_has_logged_in_keeps_their_password(settings: Settings) -> None:
    password = password_in(initmila("--no-demo"))
    log_in("admin", password)
    settings.ADMIN_PASS = "Sunrise-on-the-mat-7"
    assert "manage.py changepassword admin" in initmila("--no-demo")
    assert log_in("admin", password)


def test_a_password_that_was_chosen_by_hand_is_kept() -> None:
    initmila("--no-demo")
    admin = User.objects.get()
    admin.set_password("chosen by hand 42")
    admin.save()
    assert "chose" in initmila("--no-demo")
    assert log_in("admin", "chosen by hand 42")


def test_a_weak_admin_pass_is_told(settings: Settings) -> None:
    settings.ADMIN_PASS = "changeme"
    assert "ADMIN_PASS is weak" in initmila("--no-demo")


def test_a_renamed_admin_gets_no_second_one() -> None:
    log_in("admin", password_in(initmila("--no-demo")))
    User.objects.update(username="wayan")
    assert initmila("--no-demo") == ""
    assert User.objects.count() == 1


def test_staff_of_that_name_are_not_made_admin(ombak: Tenant) -> None:
    factories.staff("admin", ombak)
    assert "is no admin" in initmila("--no-demo")
    assert not User.objects.get().is_superuser


@pytest.mark.e2e
def test_two_at_once_make_one_house(tmp_path: Path) -> None:
    environment = os.environ | {
        "DATA_DIR": str(tmp_path),
        "ENV_FILE": os.devnull,
        "DATABASE_URL": f"sqlite:///{tmp_path}/both.sqlite3",
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "SECRET_KEY": "",
    }
    manage = [sys.executable, str(ROOT / "manage.py")]
    subprocess.run([*manage, "migrate", "-v0"], env=environment, check=True)
    both = [
        subprocess.Popen([*manage, "initmila"], env=environment, stdout=-1, stderr=-1, text=True)
        for _ in range(2)
    ]
    said = [process.communicate(timeout=60) for process in both]
    assert [process.returncode for process in both] == [0, 0], said
    passwords = {password_in(out) for out, _err in said}
    assert len(passwords) == 1
    assert sum("Demo studio" in out for out, _err in said) == 1
