"""What is older than a studio keeps goes once a day: messages, files and words in every chat, and never the figures."""

import datetime as dt
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from agent.models import Turn
from conversations import inbox, retention
from conversations.models import Conversation, Customer, Escalation, MediaFile, Message, Note
from reports import days
from reports.figures import report
from tenants.models import LEAST_DAYS, Deed, Tenant
from tenants.updates import store
from tests.factories import NOW
from tests.reports import chats
from tests.tenants.settingpages import save, send
from whatsapp import runner

DAY = dt.timedelta(days=1)
OLD, YOUNG = NOW - 100 * DAY, NOW - 20 * DAY


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, settings: Any) -> Path:
    settings.MEDIA_ROOT = tmp_path
    return tmp_path


@pytest.fixture
def owner(client: Client, sari: User) -> Client:
    client.force_login(sari)
    return client


def keep(tenant: Tenant, **fields: Any) -> None:
    Tenant.objects.filter(pk=tenant.pk).update(**fields)


def run(at: dt.datetime = NOW) -> int:
    """All portions of a day; how many."""
    number = 0
    while retention.step(at):
        number += 1
        assert number < 100
    return number


def file_of(message: Message, folder: Path) -> Path:
    path = folder / f"file-{message.pk}"
    path.write_bytes(b"x")
    MediaFile.objects.create(
        message=message, tenant=message.tenant, state="stored", path=path.name, size=1
    )
    return path


def test_where_nothing_is_set_nothing_goes(ombak: Tenant) -> None:
    chats.said(chats.chat(ombak), "customer", OLD)
    assert run() == 0
    assert Message.objects.count() == 1


def test_old_messages_go_in_every_chat_with_all_that_holds_words(
    ombak: Tenant, senja: Tenant, sari: User, folder: Path
) -> None:
    keep(ombak, keep_messages_days=60)
    within = [
        Conversation.objects.create(tenant=ombak, channel=channel, asked_by=sari)
        for channel in ("staff", "playground", "own_chat")
    ]
    for chat in (chats.chat(ombak), *within):
        gone = file_of(chats.said(chat, "customer", OLD, text="rahasia"), folder)
        kept = file_of(chats.said(chat, "customer", YOUNG, text="baru"), folder)
    theirs = chats.said(chats.chat(senja), "customer", OLD)
    on = chats.chat(ombak, last_message_at=OLD)
    turn = chats.answered(on, OLD, "a", error="rahasia", cost="0.5")
    Turn.objects.filter(pk=turn.pk).update(details={"drafts": ["rahasia"]})
    Note.objects.create(tenant=ombak, conversation=on, text="rahasia", created_at=OLD)
    chats.task(on, OLD, state="resolved", resolved_at=OLD)
    case = chats.task(on, OLD, category="complaint")  # still open: somebody waits
    run()
    assert set(Message.objects.filter(tenant=ombak).values_list("text", flat=True)) == {"baru"}
    assert Message.objects.filter(pk=theirs.pk).exists()
    assert (gone.exists(), kept.exists()) == (False, True)
    assert MediaFile.objects.count() == 4
    assert not Note.objects.exists()
    assert list(Escalation.objects.all()) == [case]
    turn.refresh_from_db()
    assert (turn.details, turn.error, float(turn.cost)) == (None, "", 0.5)
    on.refresh_from_db()
    assert on.last_message_at == OLD  # still listed: somebody waits there
    case.delete()
    run(NOW + DAY)
    on.refresh_from_db()
    assert on.last_message_at is None  # in no list, until somebody writes
    assert Customer.objects.filter(tenant=ombak).count() == 2


def test_files_alone_go_earlier_and_their_messages_say_so(ombak: Tenant, folder: Path) -> None:
    keep(ombak, keep_files_days=30)
    old = chats.said(chats.chat(ombak), "customer", NOW - 31 * DAY)
    young = chats.said(chats.chat(ombak), "customer", NOW - 29 * DAY)
    paths = [file_of(message, folder) for message in (old, young)]
    run()
    assert [path.exists() for path in paths] == [False, True]
    assert Message.objects.count() == 2
    file = MediaFile.objects.get(message=old)
    assert (file.state, file.path, file.size) == ("failed", "", 0)
    assert file.get_problem_display() == "Deleted: the studio keeps files no longer."


def test_a_run_that_is_killed_goes_on_where_it_stopped(
    ombak: Tenant, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "PORTION", 3)
    keep(ombak, keep_messages_days=60)
    chat = chats.chat(ombak)
    paths = [file_of(chats.said(chat, "customer", OLD), folder) for _n in range(8)]
    days.kept_before(ombak, NOW, NOW)
    ombak.refresh_from_db()
    retention._unlinked(
        MediaFile.objects.all(), set()
    )  # killed after the files and before the rows
    assert retention.tidy(ombak, NOW)["messages"] == 3
    run()
    assert not Message.objects.exists()
    assert not [path for path in paths if path.exists()]
    ombak.refresh_from_db()
    assert ombak.tidied_at == NOW


def test_it_runs_once_a_day(ombak: Tenant) -> None:
    keep(ombak, keep_messages_days=60)
    run()
    chats.said(chats.chat(ombak), "customer", OLD)
    assert run(NOW + DAY / 2) == 0
    assert Message.objects.exists()
    run(NOW + DAY)
    assert not Message.objects.exists()
    deed = Deed.objects.get()
    assert (deed.who, deed.what, deed.values) == ("MILA", "tidied", {"messages": "1", "files": "0"})


def test_days_that_nobody_looked_at_are_counted_before_their_messages_go(ombak: Tenant) -> None:
    keep(ombak, keep_messages_days=60)
    chat = chats.chat(ombak)
    chats.said(chat, "customer", NOW - 70 * DAY)
    chats.answered(chat, NOW - 70 * DAY + dt.timedelta(minutes=1), "a")
    for _again in range(2):
        run()
        total = report(ombak, 90, NOW).total
        assert (total.begun, total.answers, total.messages("customer")) == (1, 1, 1)
        assert not Message.objects.exists()
        keep(ombak, tidied_at=None)


def test_the_services_chores_do_it(ombak: Tenant, monkeypatch: pytest.MonkeyPatch) -> None:
    steps = [True, True, False]
    monkeypatch.setattr(retention, "step", lambda at: steps.pop(0))
    clock = [0.0]
    chores = runner.Chores(lambda: clock[0])
    assert not chores.step()
    clock[0] = runner.TIDY_EVERY
    assert [chores.step() for _n in range(4)] == [True, True, False, False]


def test_knowledge_is_synced_although_tidying_fails(
    ombak: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(at: dt.datetime) -> bool:
        raise RuntimeError

    synced: list[dt.datetime] = []
    monkeypatch.setattr(retention, "step", fails)
    monkeypatch.setattr(runner, "sync_due", synced.append)
    clock = [0.0]
    chores = runner.Chores(lambda: clock[0])
    clock[0] = runner.TIDY_EVERY
    with pytest.raises(RuntimeError):
        chores.step()
    assert synced


def test_a_file_that_cannot_be_deleted_keeps_its_message_and_holds_up_nothing(
    ombak: Tenant, senja: Tenant, folder: Path
) -> None:
    stuck = chats.said(chats.chat(ombak), "customer", OLD)
    path = file_of(stuck, folder)
    path.unlink()
    path.mkdir()  # no unlink deletes a folder
    chats.said(chats.chat(ombak), "customer", OLD)
    chats.said(chats.chat(senja), "customer", OLD)
    keep(ombak, keep_messages_days=60)
    keep(senja, keep_messages_days=60)
    run()
    assert list(Message.objects.all()) == [stuck]
    assert MediaFile.objects.get().path == path.name


@pytest.mark.parametrize("kept", ["keep_messages_days", "keep_files_days"])
def test_files_that_cannot_be_deleted_are_tried_last_and_again_tomorrow(
    ombak: Tenant, folder: Path, monkeypatch: pytest.MonkeyPatch, kept: str
) -> None:
    monkeypatch.setattr(retention, "PORTION", 3)
    chat = chats.chat(ombak)
    stuck = [file_of(chats.said(chat, "customer", OLD), folder) for _n in range(4)]
    for path in stuck:
        path.unlink()
        path.mkdir()
    others = [file_of(chats.said(chat, "customer", OLD + DAY), folder) for _n in range(4)]
    keep(ombak, **{kept: 60})
    run()
    assert not [path for path in others if path.exists()]
    assert MediaFile.objects.exclude(path="").count() == 4
    for path in stuck:
        path.rmdir()
    run(NOW + DAY)
    assert not MediaFile.objects.exclude(path="").exists()


def test_a_chat_in_which_a_person_is_needed_stays_in_the_inbox(ombak: Tenant) -> None:
    chat = chats.chat(ombak, last_message_at=OLD)
    chats.said(chat, "customer", OLD)
    chats.task(chat, OLD)
    keep(ombak, keep_messages_days=60)
    run()
    assert not Message.objects.exists()
    assert list(inbox.waiting(ombak, NOW)) == [chat]


def test_figures_of_deleted_messages_outlive_a_change_of_the_time_zone(ombak: Tenant) -> None:
    chats.said(chats.chat(ombak), "customer", OLD)
    chats.said(chats.chat(ombak), "customer", YOUNG)
    keep(ombak, keep_messages_days=60)
    run()
    keep(ombak, timezone="Asia/Jayapura")
    ombak.refresh_from_db()
    first = days.today(ombak, OLD) - DAY
    days.catch_up(ombak, first, NOW, seconds=60)
    found, missing = days.known(ombak, first, NOW)
    assert missing == 0
    assert sum(each.messages("customer") for each in found.values()) == 2


# the settings -----------------------------------------------------------------------------------


def test_whoever_changes_the_days_has_a_day_to_take_it_back(ombak: Tenant) -> None:
    assert ombak.tidied_at is None
    ombak.keep_messages_days = 45
    ombak.save(update_fields=["keep_messages_days"])
    first = Tenant.objects.get(pk=ombak.pk).tidied_at
    assert first
    ombak.save()
    assert Tenant.objects.get(pk=ombak.pk).tidied_at == first
    store(ombak, {"keep_messages_days": 60})
    assert Tenant.objects.get(pk=ombak.pk).tidied_at > first  # type: ignore[operator]


def test_an_owner_sets_the_days_and_reads_when_it_happens(owner: Client, ombak: Tenant) -> None:
    page = owner.get("/admin/studio/settings/privacy/").content.decode()
    assert "Conversations are kept until you delete them" in page
    assert "is deleted next on" not in page
    saved = save(owner, ombak, "privacy", keep_messages_days="90", keep_files_days="")
    assert (saved.keep_messages_days, saved.keep_files_days) == (90, None)
    changed = saved.tidied_at
    assert changed
    chats.said(chats.chat(ombak), "customer", NOW - 900 * DAY)
    assert run(changed + DAY / 2) == 0  # a typo can be taken back
    page = owner.get("/admin/studio/settings/privacy/").content.decode()
    assert "What is older is deleted next on" in page
    assert "Conversations are kept until you delete them" not in page
    run(changed + DAY)
    page = owner.get("/admin/studio/settings/privacy/").content.decode()
    assert "1 messages and 0 files." in page


@pytest.mark.parametrize(
    ("field", "days_kept"), [("keep_messages_days", 44), ("keep_files_days", 6)]
)
def test_too_few_days_are_refused(owner: Client, ombak: Tenant, field: str, days_kept: int) -> None:
    page = send(owner, "privacy", **{field: str(days_kept)}).content.decode()
    assert f"At least {days_kept + 1} days; empty to keep them for ever." in page
    assert getattr(Tenant.objects.get(pk=ombak.pk), field) is None


def test_no_day_goes_that_the_reports_still_count_anew() -> None:
    assert max(age for age, _after in days.ANEW) + 2 * DAY < LEAST_DAYS * DAY
