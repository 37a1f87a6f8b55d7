import datetime as dt
from pathlib import Path

import pytest
from django.utils import timezone

from tenants.models import Tenant
from whatsapp.lease import Lease, held_elsewhere, host_of, locked
from whatsapp.models import WhatsAppAccount


@pytest.fixture
def account(ombak: Tenant) -> WhatsAppAccount:
    return WhatsAppAccount.objects.create(tenant=ombak)


def test_one_file_has_one_holder(tmp_path: Path):
    assert locked(tmp_path / "lock") is not None
    assert locked(tmp_path / "lock") is None


def test_a_folder_has_one_name(tmp_path: Path):
    assert host_of(tmp_path) == host_of(tmp_path) != ""


def test_another_host_waits_until_the_lease_ends(account: WhatsAppAccount):
    assert Lease.take(account.pk, "here") is not None
    assert Lease.take(account.pk, "there") is None
    account.refresh_from_db()
    at = timezone.now()
    assert held_elsewhere(account, "there", at)
    assert not held_elsewhere(account, "here", at)
    assert not held_elsewhere(account, "there", at + dt.timedelta(minutes=1))


def test_the_same_folder_takes_over_at_once_and_the_old_holder_may_not_write(
    account: WhatsAppAccount,
):
    old, new = Lease.take(account.pk, "here"), Lease.take(account.pk, "here")
    assert old is not None
    assert new is not None
    assert not old.write(problem="old")
    assert new.write(problem="new")
    account.refresh_from_db()
    assert account.problem == "new"


def test_a_released_account_is_free_at_once(account: WhatsAppAccount):
    lease = Lease.take(account.pk, "here")
    assert lease is not None
    assert lease.release(problem="bye")
    assert Lease.take(account.pk, "there") is not None
