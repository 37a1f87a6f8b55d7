import datetime as dt
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings
from django.utils import timezone

from tenants.models import Tenant
from whatsapp import lease as leases
from whatsapp.lease import Lease, held_elsewhere, hold, host_of, locked, seize
from whatsapp.models import WhatsAppAccount

DJANGO = """
import django
django.setup()
"""


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


def test_who_did_not_renew_for_a_while_is_not_sure_any_more(
    account: WhatsAppAccount, monkeypatch: pytest.MonkeyPatch
):
    lease = Lease.take(account.pk, "here")
    assert lease is not None
    assert lease.sure
    monkeypatch.setattr(leases, "SURE", 0.0)
    assert not lease.sure
    monkeypatch.setattr(leases, "SURE", 10.0)
    assert Lease.take(account.pk, "here") is not None
    assert not lease.write()
    assert not lease.sure


def test_on_one_host_the_lock_decides(account: WhatsAppAccount, tmp_path: Path, monkeypatch):
    monkeypatch.setattr(leases, "LOCK_WAIT", 0.0)
    lock = tmp_path / "lock"
    assert hold(account, lock, "here") is not None
    account.refresh_from_db()
    assert hold(account, lock, "here") is None


def test_of_another_host_a_lease_that_ran_out_decides(
    account: WhatsAppAccount, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(leases, "locked", lambda path, _wait=0.0: locked(path))
    lock = tmp_path / "lock"
    frozen = hold(account, lock, "there")
    assert frozen is not None
    account.refresh_from_db()
    assert hold(account, lock, "here") is None
    WhatsAppAccount.objects.update(lease_until=timezone.now())
    taken = hold(account, lock, "here")
    assert taken is not None
    assert (
        taken.haunted
    )  # whoever has the lock is no line of this machine: it may come back to life
    assert not frozen.write()
    assert not frozen.sure


def test_a_frozen_line_of_this_machine_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    waits = iter([0.0])  # for a line that is frozen; then as long as it takes
    monkeypatch.setattr(leases, "locked", lambda path, wait=0.0: locked(path, next(waits, wait)))
    lock = tmp_path / "ac-count.lock"
    program = f"""
import time
from pathlib import Path
from whatsapp.lease import locked
locked(Path({str(lock)!r}))
print("held", flush=True)
time.sleep(60)
"""
    command = [sys.executable, "-c", DJANGO + program, "--line", "ac-count"]
    environment = os.environ | {"DJANGO_SETTINGS_MODULE": settings.WHATSAPP_LINE_SETTINGS}
    line = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE)
    assert line.stdout is not None
    assert line.stdout.readline() == b"held\n"
    line.send_signal(signal.SIGSTOP)
    assert seize(lock)
    assert line.wait(5) == -signal.SIGKILL


def test_a_lock_that_nobody_keeps_is_just_taken(tmp_path: Path):
    (tmp_path / "lock").write_text("999999999")
    assert seize(tmp_path / "lock")
