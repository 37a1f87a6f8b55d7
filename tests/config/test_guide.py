"""The setup guide: steps tick from data, open again, are put away and come back; drafts are made once."""

import datetime as dt
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client, RequestFactory

from agent.models import Turn
from config import guide
from config.guide import drafts, steps
from conversations.models import Conversation
from knowledge.models import KnowledgeEntry
from notices.models import OwnNotices
from tenants.models import Membership, Tenant
from tests import factories
from whatsapp.models import WhatsAppAccount

NOW = factories.NOW
HOURS = {"mon": [["08:00", "20:00"]]}


def done(tenant: Tenant) -> set[str]:
    return {step.key for step in steps.steps(Tenant.objects.get(pk=tenant.pk), NOW) if step.done}


def tell_where(tenant: Tenant) -> None:
    Tenant.objects.filter(pk=tenant.pk).update(
        phone="+62361700700", address="Jl. Pantai 7", opening_hours=HOURS
    )


def write(tenant: Tenant, number: int = 5, **fields: Any) -> None:
    for each in range(number):
        factories.entry(tenant, f"Entry {each}", **fields)


def answer(tenant: Tenant, by: User, outcome: str = Turn.Outcome.ANSWERED) -> None:
    room, _new = Conversation.objects.get_or_create(
        tenant=tenant, asked_by=by, channel=Conversation.Channel.PLAYGROUND
    )
    Turn.objects.create(
        tenant=tenant, conversation=room, purpose=Turn.Purpose.PLAYGROUND, outcome=outcome
    )


def link(tenant: Tenant, state: str = WhatsAppAccount.State.CONNECTED) -> None:
    WhatsAppAccount.objects.update_or_create(
        tenant=tenant, defaults={"state": state, "phone": "+6281200001101"}
    )


def name_staff(tenant: Tenant) -> None:
    Tenant.objects.filter(pk=tenant.pk).update(handover_contacts=["+6281234567890"])


def finish(tenant: Tenant, by: User) -> None:
    tell_where(tenant)
    write(tenant)
    answer(tenant, by)
    link(tenant)
    name_staff(tenant)


def card(user: User, tenant: Tenant) -> dict[str, Any] | None:
    request = RequestFactory().get("/admin/")
    request.user, request.session = user, {}  # type: ignore[assignment]
    return guide.card(request, Tenant.objects.get(pk=tenant.pk))


@pytest.fixture
def owner(client: Client, sari: User) -> Client:
    client.force_login(sari)
    return client


def test_a_new_studio_has_five_open_steps(ombak: Tenant) -> None:
    listed = steps.steps(ombak, NOW)
    assert [step.key for step in listed] == ["details", "knowledge", "answer", "whatsapp", "staff"]
    assert not any(step.done for step in listed)


def test_each_step_ticks_itself_from_the_data(ombak: Tenant, sari: User) -> None:
    tell_where(ombak)
    assert done(ombak) == {"details"}
    write(ombak)
    assert done(ombak) == {"details", "knowledge"}
    answer(ombak, sari)
    assert done(ombak) == {"details", "knowledge", "answer"}
    link(ombak)
    name_staff(ombak)
    assert done(ombak) == {"details", "knowledge", "answer", "whatsapp", "staff"}
    assert not steps.unfinished(Tenant.objects.get(pk=ombak.pk), NOW)


def test_what_is_missing_of_the_details_is_named(ombak: Tenant) -> None:
    ombak.address, ombak.opening_hours = "Jl. Pantai 7", HOURS
    assert steps.steps(ombak, NOW)[0].done  # the WhatsApp number is a phone
    ombak.whatsapp_number = None
    assert steps.steps(ombak, NOW)[0].count == "the phone is missing"
    ombak.phone, ombak.address = "+62361700700", ""
    assert steps.steps(ombak, NOW)[0].count == "the address is missing"


def test_only_entries_that_customers_may_be_told_count(ombak: Tenant) -> None:
    write(ombak, 3)
    write(ombak, 1, status=KnowledgeEntry.Status.DRAFT)
    write(ombak, 1, valid_until=NOW.date() - dt.timedelta(days=2))
    assert steps.steps(ombak, NOW)[1].count == "3 of 5"
    assert "knowledge" not in done(ombak)


def test_a_hand_over_or_a_customers_answer_is_no_good_answer(ombak: Tenant, sari: User) -> None:
    answer(ombak, sari, Turn.Outcome.HANDED_OVER)
    answer(ombak, sari, Turn.Outcome.FAILED)
    chat = Conversation.objects.create(tenant=ombak, chat="1@lid")
    Turn.objects.create(tenant=ombak, conversation=chat, purpose="customer", outcome="answered")
    assert "answer" not in done(ombak)
    answer(ombak, sari, Turn.Outcome.FROM_KNOWLEDGE)
    assert "answer" in done(ombak)


def test_a_step_that_goes_back_opens_again(ombak: Tenant, sari: User) -> None:
    finish(ombak, sari)
    link(ombak, WhatsAppAccount.State.RETRYING)
    assert "whatsapp" in done(ombak)  # WhatsApp is away for a moment
    link(ombak, WhatsAppAccount.State.LOGGED_OUT)
    assert "whatsapp" not in done(ombak)
    assert steps.wanted(Tenant.objects.get(pk=ombak.pk), NOW)


def test_somebody_of_the_team_who_wants_to_be_told_is_enough(ombak: Tenant, sari: User) -> None:
    row = OwnNotices.objects.create(tenant=ombak, user=sari)
    assert "staff" not in done(ombak)
    OwnNotices.objects.filter(pk=row.pk).update(phone="+6281234567890")
    assert "staff" in done(ombak)


def test_nothing_of_another_studio_counts(ombak: Tenant, senja: Tenant, bayu: User) -> None:
    finish(senja, bayu)
    assert not done(ombak)


def test_the_card_shows_what_is_next_to_owners_only(ombak: Tenant, sari: User) -> None:
    shown = card(sari, ombak)
    assert shown
    assert (shown["done"], shown["of"], shown["next_step"].key) == (0, 5, "details")
    for role in (Membership.Role.EDITOR, Membership.Role.FRONT_DESK):
        assert card(factories.staff(role, ombak, role), ombak) is None


def test_a_finished_guide_says_the_number_and_its_link(ombak: Tenant, sari: User) -> None:
    finish(ombak, sari)
    shown = card(sari, ombak)
    assert shown
    assert (shown["state"], shown["number"]) == ("live", "+62 812-0000-1101")
    assert shown["wa_me"].startswith("https://wa.me/6281200001101?text=Halo")
    Tenant.objects.filter(pk=ombak.pk).update(mode=Tenant.Mode.TEST)
    assert card(sari, ombak) is None  # Home asks to go live


def test_the_guide_is_put_away_and_brought_back(owner: Client, ombak: Tenant, sari: User) -> None:
    assert 'href="/admin/guide/"' in owner.get("/admin/team/").content.decode()
    owner.post("/admin/guide/hide/")
    assert card(sari, ombak) is None
    assert 'href="/admin/guide/"' not in owner.get("/admin/team/").content.decode()
    page = owner.get("/admin/guide/").content.decode()
    assert "Show the guide on Home again" in page
    owner.post("/admin/guide/hide/", {"back": "1"})
    assert card(sari, ombak)


def test_a_live_line_that_was_put_away_comes_back_as_an_open_step(
    owner: Client, ombak: Tenant, sari: User
) -> None:
    finish(ombak, sari)
    owner.post("/admin/guide/hide/")
    assert card(sari, ombak) is None
    link(ombak, WhatsAppAccount.State.LOGGED_OUT)
    shown = card(sari, ombak)
    assert shown
    assert shown["next_step"].key == "whatsapp"


def test_the_page_shows_every_step_with_its_next_click(owner: Client, ombak: Tenant) -> None:
    page = owner.get("/admin/guide/").content.decode()
    assert page.count('data-step="') == 5
    for words in ("0 of 5 steps done", "Start from templates", "Invite a colleague", "0 of 5"):
        assert words in page
    assert "None" not in page


def test_a_finished_page_lets_a_studio_in_test_mode_go_live(
    owner: Client, ombak: Tenant, sari: User
) -> None:
    finish(ombak, sari)
    assert "You are live." in owner.get("/admin/guide/").content.decode()
    Tenant.objects.filter(pk=ombak.pk).update(mode=Tenant.Mode.TEST)
    page = owner.get("/admin/guide/").content.decode()
    assert "Everything is ready." in page
    assert 'value="live"' in page


def test_drafts_are_made_for_every_category_in_both_languages_and_only_once(
    owner: Client, ombak: Tenant
) -> None:
    for _press in range(2):
        owner.post("/admin/guide/drafts/", {"language": ["id", "en"]})
    rows = KnowledgeEntry.objects.filter(tenant=ombak)
    assert rows.count() == 10
    assert set(rows.values_list("status", flat=True)) == {KnowledgeEntry.Status.DRAFT}
    assert rows.filter(needs_review=True).count() == 0
    assert rows.values("category", "language").distinct().count() == 10
    assert "Jadwal" in set(rows.values_list("title", flat=True))
    assert "knowledge" not in done(ombak)
    assert "10 drafts wait for you" in owner.get("/admin/guide/").content.decode()


def test_drafts_hold_what_the_settings_know_and_gaps_for_the_rest(ombak: Tenant) -> None:
    tell_where(ombak)
    ombak.refresh_from_db()
    drafts.make(ombak, ["en"])
    text = KnowledgeEntry.objects.get(external_id="template-location-en").content
    assert "We are at Jl. Pantai 7, near …" in text
    assert "+62 361 700700" in text
    for row in KnowledgeEntry.objects.filter(tenant=ombak):
        row.full_clean()
        assert "…" in row.content


def test_drafts_ask_for_a_language(owner: Client, ombak: Tenant) -> None:
    page = owner.post("/admin/guide/drafts/", {"language": "fr"}, follow=True).content.decode()
    assert "Choose at least one language" in page
    assert not KnowledgeEntry.objects.filter(tenant=ombak).exists()


@pytest.mark.parametrize(
    "address",
    [
        "/admin/knowledge/knowledgeentry/",
        "/admin/knowledge/knowledgeentry/add/",
        "/admin/playground/",
    ],
)
def test_where_the_guide_sends_people_a_link_leads_back(
    owner: Client, ombak: Tenant, address: str
) -> None:
    back = 'href="/admin/guide/">← '
    assert back in owner.get(address).content.decode()
    Tenant.objects.update(guide_hidden="open")
    assert back not in owner.get(address).content.decode()
