"""The Playground: a question is answered by the assistant's own step, and its trace is shown."""

import datetime as dt

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from agent.models import Turn
from agent.turns import answer_next
from conversations.models import Conversation, Message
from tenants.models import Membership, Tenant
from tests import factories
from tests.config.rows import conversation
from tests.pages import read

PAGE = "/admin/playground/"
ANSWERS = "/admin/playground/answers/"


@pytest.fixture
def owner(client: Client, sari: User, ombak: Tenant) -> Client:
    factories.entry(
        ombak,
        title="Alamat studio",
        category="location & facilities",
        content="Alamat studio: Jl. Pantai Pererenan 12, Bali.",
        keywords="alamat, lokasi, dimana",
    )
    client.force_login(sari)
    return client


@pytest.mark.django_db(transaction=True)
def test_a_question_is_answered_with_its_trace(client: Client) -> None:
    ombak = factories.studio("ombak")
    content = "Alamat studio: Jl. Pantai Pererenan 12, Bali."
    factories.entry(ombak, title="Alamat studio", content=content, keywords="alamat, lokasi")
    for title in ("Harga drop-in", "Sunset Flow", "Parkir", "Sewa matras", "Kelas anak", "Refund"):
        factories.entry(ombak, title=title, content=f"{title}: tanya di meja depan.")
    client.force_login(factories.staff("sari", ombak))
    assert client.post(PAGE, {"text": "alamat studio dimana kak?"}).status_code == 302
    assert "every 400ms" in read(client, PAGE)
    assert answer_next("test", wait=lambda *_args, **_kwargs: None)
    page = read(client, PAGE)
    assert "Pantai Pererenan 12" in page
    assert "every 400ms" not in page
    why = read(client, f"/admin/playground/why/{Turn.objects.get().pk}/")
    assert "Alamat studio" in why
    assert "none, word for word from the knowledge" in why
    assert Message.objects.get(author="assistant").state == Message.State.SHOWN


def test_the_page_says_that_nothing_is_sent(owner: Client) -> None:
    page = read(owner, PAGE)
    assert "Nothing is sent to WhatsApp" in page
    assert 'data-fill="alamat studio dimana kak?"' in page


def test_a_question_that_nobody_takes_is_explained(owner: Client, ombak: Tenant) -> None:
    owner.post(PAGE, {"text": "halo?"})
    assert "process is not running" not in read(owner, PAGE)
    Message.objects.update(created_at=timezone.now() - dt.timedelta(seconds=10))
    assert "process is not running" in read(owner, PAGE)
    Conversation.objects.update(lease_until=timezone.now() + dt.timedelta(seconds=30))
    assert "process is not running" not in read(owner, PAGE)


def test_a_poll_without_news_has_no_body(owner: Client) -> None:
    owner.post(PAGE, {"text": "halo?"})
    seen = read(owner, ANSWERS).split("seen=")[1].split('"')[0]
    assert owner.get(ANSWERS, {"seen": seen}).status_code == 204


def test_an_empty_question_is_told_and_not_asked(owner: Client) -> None:
    page = owner.post(PAGE, {"text": "  "}, follow=True).content.decode()
    assert "Type a question first." in page
    assert not Message.objects.exists()


def test_starting_again_empties_the_page(owner: Client) -> None:
    owner.post(PAGE, {"text": "pertanyaan lama"})
    owner.get("/admin/playground/clear/")
    assert "pertanyaan lama" in read(owner, PAGE)
    owner.post("/admin/playground/clear/")
    assert "pertanyaan lama" not in read(owner, PAGE)


def test_each_person_has_a_playground_of_their_own(owner: Client, ombak: Tenant) -> None:
    owner.post(PAGE, {"text": "rahasia sari"})
    other = Client()
    other.force_login(factories.staff("wayan", ombak, Membership.Role.FRONT_DESK))
    assert "rahasia sari" not in read(other, PAGE)


def test_looking_makes_no_row(owner: Client) -> None:
    read(owner, PAGE)
    assert not Conversation.objects.exists()


def test_who_sees_all_studios_is_asked_for_one(
    client: Client, ombak: Tenant, senja: Tenant
) -> None:
    client.force_login(factories.platform_admin())
    assert "Which one?" in read(client, PAGE)


def test_the_front_desk_reads_why_a_customer_got_an_answer(client: Client, ombak: Tenant) -> None:
    chat = conversation(ombak, "Ayu")
    turn = Turn.objects.get(conversation=chat)
    client.force_login(factories.staff("wayan", ombak, Membership.Role.FRONT_DESK))
    assert "Ayu" in read(client, f"/admin/playground/why/{turn.pk}/")


def test_a_shortened_question_says_so(client: Client, ombak: Tenant, sari: User) -> None:
    client.force_login(sari)
    client.post("/admin/playground/", {"text": "a" * 150_000})
    assert "Shortened: it had 150000 characters." in client.get(
        "/admin/playground/"
    ).content.decode().replace(",", "").replace("\u202f", "")


def made(tenant: Tenant, **fields: object) -> Turn:
    turn = Turn.objects.get(conversation=conversation(tenant, "Ayu"))
    Turn.objects.filter(pk=turn.pk).update(**fields)
    turn.refresh_from_db()
    return turn


def test_staff_see_what_an_answer_rests_on_and_what_was_only_shown(
    client: Client, ombak: Tenant, sari: User
) -> None:
    factories.entry(ombak, "Parkir", content="Motor gratis.", external_id="parking")
    factories.entry(ombak, "Harga", content="Sekali datang Rp 150.000.", external_id="price")
    turn = made(ombak, entries=["parking", "price"], details={"context": "full"}, model="m")
    Message.objects.filter(turn=turn).update(text="Rp 150.000 ya Kak")
    client.force_login(sari)
    page = read(client, f"/admin/playground/why/{turn.pk}/")
    assert page.index("Harga</a>") < page.index("the answer rests on it") < page.index("Parkir</a>")
    assert page.count("the answer rests on it") == 1
    assert "the whole knowledge" in page


def test_staff_see_what_the_guard_held_back(client: Client, ombak: Tenant, sari: User) -> None:
    stopped = {"stopped": [["Rp 99.000", "18:45"]], "drafts": ["Cuma <b>Rp 99.000</b> Kak"]}
    turn = made(ombak, details=stopped, outcome="handed_over")
    client.force_login(sari)
    page = read(client, f"/admin/playground/why/{turn.pk}/")
    assert "Cuma &lt;b&gt;Rp 99.000&lt;/b&gt; Kak" in page
    assert "Rp 99.000, 18:45" in page
    assert "the answer was stopped" in page
    thread = read(client, f"/admin/conversations/conversation/{turn.conversation_id}/change/")
    assert "something was held back" in thread
    Turn.objects.filter(pk=turn.pk).update(outcome="answered")
    assert "written again" in read(client, f"/admin/playground/why/{turn.pk}/")


def test_a_turns_own_page_says_the_same(client: Client, ombak: Tenant, sari: User) -> None:
    factories.entry(ombak, "Parkir", content="Motor gratis.", external_id="parking")
    turn = made(ombak, entries=["parking", "<b>gone</b>"], details={"context": "search"}, model="m")
    client.force_login(sari)
    page = read(client, f"/admin/agent/turn/{turn.pk}/change/")
    assert "Parkir</a>" in page
    assert "the entries that fit best" in page
    assert "<b>gone" not in page
    assert "Ayu asks" not in page


def test_more_answers_in_a_thread_cost_no_more_queries(
    client: Client, ombak: Tenant, sari: User
) -> None:
    chat = conversation(ombak, "Ayu")
    client.force_login(sari)
    address = f"/admin/conversations/conversation/{chat.pk}/change/"
    read(client, address)
    with CaptureQueriesContext(connection) as before:
        read(client, address)
    for number in range(5):
        said = {"tenant": ombak, "conversation": chat, "created_at": factories.NOW}
        reply = Message.objects.create(**said, author="assistant", state="read", text=str(number))
        Turn.objects.create(
            tenant=ombak, conversation=chat, reply=reply, purpose="customer", outcome="answered"
        )
    with CaptureQueriesContext(connection) as after:
        read(client, address)
    assert len(after) == len(before)
