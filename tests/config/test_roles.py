"""Who may open and send what: role by page by method, read from the membership at each request."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from tenants.models import Membership, Tenant
from tests import factories
from tests.config.rows import one_of_everything

EVERYBODY = {"owner", "editor", "front_desk", "platform"}
OWNERS = {"owner", "platform"}
PLATFORM = {"platform"}
KNOWLEDGE = {"owner", "editor", "platform"}
INBOX = {"owner", "front_desk", "platform"}
NOBODY: set[str] = set()

Pages = dict[str, tuple[set[str], set[str]]]  # address: (may open it, may send it)
PAGES: Pages = {
    "": (EVERYBODY, EVERYBODY),
    "badges/": (EVERYBODY, EVERYBODY),
    "home/numbers/": (EVERYBODY, EVERYBODY),
    "home/waiting/": (INBOX, INBOX),
    "home/gaps/": (KNOWLEDGE, KNOWLEDGE),
    "home/count/": (NOBODY, EVERYBODY),
    "home/made-up/": (NOBODY, OWNERS),
    "reports/": (KNOWLEDGE, KNOWLEDGE),
    "reports/volume.csv": (KNOWLEDGE, KNOWLEDGE),
    "reports/count/": (NOBODY, KNOWLEDGE),
    "platform/health/": (PLATFORM, PLATFORM),
    "platform/usage/": (PLATFORM, PLATFORM),
    "platform/welcome/": (NOBODY, PLATFORM),
    "guide/": (OWNERS, OWNERS),
    "guide/hide/": (NOBODY, OWNERS),
    "guide/drafts/": (NOBODY, OWNERS),
    "account/": (EVERYBODY, EVERYBODY),
    "account/second-factor/": (EVERYBODY, EVERYBODY),
    "account/person/": (NOBODY, EVERYBODY),
    "account/password/": (NOBODY, EVERYBODY),
    "account/mail/": (NOBODY, EVERYBODY),
    "account/sessions/": (NOBODY, EVERYBODY),
    "account/second-factor/change/": (NOBODY, EVERYBODY),
    "playground/": (EVERYBODY, EVERYBODY),
    "knowledge/knowledgeentry/": (EVERYBODY, EVERYBODY),
    "knowledge/knowledgeentry/add/": (KNOWLEDGE, KNOWLEDGE),
    "knowledge/knowledgeentry/{entry}/change/": (EVERYBODY, KNOWLEDGE),
    "knowledge/knowledgeentry/{entry}/delete/": (KNOWLEDGE, KNOWLEDGE),
    "knowledge/knowledgeentry/preview/": (NOBODY, EVERYBODY),
    "knowledge/knowledgeentry/try/": (NOBODY, EVERYBODY),
    "knowledge/knowledgeentry/index-failed/": (NOBODY, KNOWLEDGE),
    "knowledge/knowledgeentry/{entry}/index/": (NOBODY, KNOWLEDGE),
    "knowledge/knowledgeentry/{entry}/history/": (EVERYBODY, EVERYBODY),
    "knowledge/knowledgeentry/{entry}/revert/1/": (NOBODY, KNOWLEDGE),
    "knowledge/knowledgeentry/{entry}/approve/": (NOBODY, KNOWLEDGE),
    "knowledge/knowledgeentry/{entry}/file/": (EVERYBODY, EVERYBODY),
    "knowledge/knowledgeentry/import/": (KNOWLEDGE, KNOWLEDGE),
    "knowledge/knowledgeentry/import/template.csv": (KNOWLEDGE, KNOWLEDGE),
    "knowledge/knowledgeentry/import/template.xlsx": (KNOWLEDGE, KNOWLEDGE),
    "knowledge/knowledgeentry/import/{upload}/columns/": (KNOWLEDGE, KNOWLEDGE),
    "knowledge/knowledgeentry/import/{upload}/report/": (KNOWLEDGE, KNOWLEDGE),
    "knowledge/knowledgeentry/import/{upload}/confirm/": (NOBODY, KNOWLEDGE),
    "knowledge/knowledgeentry/import/{upload}/stop/": (NOBODY, KNOWLEDGE),
    "knowledge/knowledgeentry/import/{upload}/progress/": (KNOWLEDGE, KNOWLEDGE),
    "knowledge/knowledgeentry/export.csv": (NOBODY, EVERYBODY),
    "knowledge/knowledgeentry/export.xlsx": (NOBODY, EVERYBODY),
    "agent/turn/": (KNOWLEDGE, KNOWLEDGE),
    "conversations/conversation/": (INBOX, INBOX),
    "conversations/conversation/{chat}/change/": (INBOX, INBOX),
    "conversations/conversation/{chat}/take-over/": (INBOX, INBOX),
    "conversations/conversation/{chat}/assign/": (INBOX, INBOX),
    "conversations/conversation/{chat}/block/": (INBOX, INBOX),
    "conversations/conversation/{chat}/note/": (INBOX, INBOX),
    "conversations/conversation/{chat}/reply/": (INBOX, INBOX),
    "conversations/conversation/{chat}/news/": (INBOX, INBOX),
    "conversations/conversation/{chat}/export/": (INBOX, INBOX),
    "conversations/conversation/{chat}/erase/": (OWNERS, OWNERS),
    "conversations/conversation/list/": (INBOX, INBOX),
    "conversations/conversation/settings/": (INBOX, OWNERS),
    "conversations/quickreply/": (INBOX, INBOX),
    "conversations/quickreply/add/": (INBOX, INBOX),
    "conversations/escalation/": (INBOX, INBOX),
    "conversations/escalation/list/": (INBOX, INBOX),
    "conversations/customer/": (INBOX, INBOX),
    "whatsapp/": (OWNERS, OWNERS),
    "whatsapp/pair/": (OWNERS, OWNERS),
    "whatsapp/unlink/": (OWNERS, OWNERS),
    "whatsapp/pause/": (NOBODY, OWNERS),
    "whatsapp/test/": (NOBODY, OWNERS),
    "notices/": (OWNERS, OWNERS),
    "notices/test/": (NOBODY, OWNERS),
    "notices/results/": (OWNERS, OWNERS),
    "notices/mine/": (EVERYBODY, EVERYBODY),
    "notices/news/": (INBOX, INBOX),
    "notices/shown/": (NOBODY, INBOX),
    "notices/open/{escalation}/": (INBOX, INBOX),
    "studio/settings/": (OWNERS, OWNERS),
    "studio/mode/": (OWNERS, OWNERS),
    "tenants/tenant/{studio}/change/": (OWNERS, OWNERS),
    "tenants/tenant/add/": (PLATFORM, PLATFORM),
    "tenants/tenant/{studio}/delete/": (NOBODY, NOBODY),
    "tenants/apitoken/": (OWNERS, OWNERS),
    "tenants/apitoken/add/": (OWNERS, OWNERS),
    "tenants/deed/": (OWNERS, OWNERS),
    "team/": (OWNERS, OWNERS),
    "team/invite/": (NOBODY, OWNERS),
    "team/{member}/role/": (NOBODY, OWNERS),
    "team/{member}/unlock/": (NOBODY, OWNERS),
    "team/{member}/password/": (NOBODY, OWNERS),
    "team/{member}/second-factor/": (NOBODY, OWNERS),
    "platform/": (PLATFORM, PLATFORM),
    "platform/new/": (NOBODY, PLATFORM),
    "auth/user/": (PLATFORM, PLATFORM),
    "auth/user/add/": (PLATFORM, PLATFORM),
    "auth/user/{user}/change/": (PLATFORM, PLATFORM),
    "auth/user/{user}/password/": (PLATFORM, PLATFORM),
    "auth/group/": (PLATFORM, PLATFORM),
    "team/{member}/remove/": (NOBODY, OWNERS),
    "platform/{studio}/": (NOBODY, PLATFORM),  # without a word it suspends
}
ROLES = sorted(EVERYBODY)


def person(role: str, studio: Tenant) -> User:
    if role == "platform":
        return factories.platform_admin("matrix")
    return factories.staff("matrix", studio, role)


@pytest.fixture
def keys(ombak: Tenant) -> dict[str, Any]:
    rows = {model.__name__: row for model, row in one_of_everything(ombak, "Ayu").items()}
    member = Membership.objects.get(user=factories.staff("target", ombak, "front_desk"))
    return {
        "entry": rows["KnowledgeEntry"].pk,
        "upload": rows["Upload"].pk,
        "chat": rows["Conversation"].pk,
        "escalation": rows["Escalation"].pk,
        "studio": ombak.pk,
        "member": member.pk,
        "user": member.user_id,
    }


def outcome(client: Client, method: str, address: str) -> str:
    """open: answered or sent on · closed: 403 · none: no such method."""
    answer = client.get(address) if method == "GET" else client.post(address, {})
    if answer.status_code == 302:
        assert "/login/" not in answer.headers["Location"], address
    return {403: "closed", 405: "none"}.get(answer.status_code, "open")


def walk(client: Client, role: str, keys: dict[str, Any], pages: Pages) -> None:
    for page, (opens, sends) in pages.items():
        address = "/admin/" + page.format(**keys)
        got = outcome(client, "GET", address)
        assert (got == "open") == (role in opens), f"GET {address}: {got}"
        got = outcome(client, "POST", address)
        wanted = ("open", "none") if role in sends else ("closed", "none")
        assert got in wanted, f"POST {address}: {got}"


def test_the_narrowest_role_is_kept_out_of_what_is_not_its_own(
    client: Client, ombak: Tenant, keys: dict[str, Any]
) -> None:
    client.force_login(person("front_desk", ombak))
    closed = {page: who for page, who in PAGES.items() if "front_desk" not in who[0] & who[1]}
    assert len(closed) > 40
    walk(client, "front_desk", keys, closed)


@pytest.mark.e2e
@pytest.mark.parametrize("role", ROLES)
def test_a_role_opens_and_sends_what_is_its_own(
    client: Client, ombak: Tenant, keys: dict[str, Any], role: str
) -> None:
    client.force_login(person(role, ombak))
    client.post("/admin/studio/choose/", {"studio": str(ombak.pk)})
    walk(client, role, keys, PAGES)


def test_staff_of_no_studio_and_strangers_open_nothing(
    client: Client, keys: dict[str, Any]
) -> None:
    for user in (None, factories.staff("lost", None)):
        if user:
            client.force_login(user)
        for page in PAGES:
            address = "/admin/" + page.format(**keys)
            for answer in (client.get(address), client.post(address, {})):
                assert answer.status_code in (302, 403, 405), address
                if answer.status_code == 302:
                    assert answer.headers["Location"].startswith("/admin/login/"), address
