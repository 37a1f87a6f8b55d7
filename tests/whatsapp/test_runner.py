import datetime as dt
import threading

import pytest
from django.utils import timezone

from conversations.mailbox import Claim
from conversations.models import Conversation, Customer, Message
from tenants.models import Tenant
from whatsapp import runner
from whatsapp.runner import Answering, forget_claims


class Pool:
    """Runs what is submitted when the test says so."""

    def __init__(self) -> None:
        self.work: list = []

    def submit(self, call, *args) -> None:
        self.work.append(lambda: call(*args))

    def run(self) -> None:
        work, self.work = self.work, []
        for call in work:
            call()


def due(tenant: Tenant, count: int) -> None:
    for index in range(count):
        customer = Customer.objects.create(tenant=tenant, phone=f"+6281110000{index:02}")
        chat = Conversation.objects.create(
            tenant=tenant, customer=customer, reply_due_at=timezone.now()
        )
        Message(
            tenant=tenant,
            conversation=chat,
            author=Message.Author.CUSTOMER,
            state=Message.State.NEW,
            created_at=timezone.now(),
        ).insert()


@pytest.fixture
def deaths() -> list[BaseException]:
    return []


@pytest.fixture
def answers() -> list[str]:
    return []


@pytest.fixture
def freed() -> list[str]:
    return []


@pytest.fixture
def answering(
    settings, deaths: list[BaseException], answers: list[str], freed: list[str]
) -> Answering:
    settings.AGENT_THREADS = 3

    def answer(claim: Claim) -> None:
        answers.append(claim.owner)
        Conversation.objects.filter(pk=claim.conversation.pk).update(reply_due_at=None)

    made = Answering(
        "host",
        stopping=threading.Event(),
        answered=lambda: None,
        on_death=deaths.append,
        freed=lambda: freed.append("freed"),
        answer=answer,
    )
    made._pool = Pool()  # type: ignore[assignment]
    return made


def test_nothing_due_starts_no_thread(ombak: Tenant, answering: Answering):
    answering.find()
    assert answering._pool.work == []  # type: ignore[attr-defined]


def test_never_more_turns_than_threads_and_a_free_one_is_told(
    ombak: Tenant, answering: Answering, answers: list[str], freed: list[str]
):
    due(ombak, 5)
    answering.find()
    answering.find()
    assert len(answering._pool.work) == 3  # type: ignore[attr-defined]
    assert freed == []
    answering._pool.run()  # type: ignore[attr-defined]
    assert freed == ["freed"]
    answering.find()
    assert len(answering._pool.work) == 2  # type: ignore[attr-defined]
    answering._pool.run()  # type: ignore[attr-defined]
    assert freed == ["freed"]
    assert not Conversation.objects.due(timezone.now()).exists()
    assert len(answers) == 5
    assert all(owner.startswith("host/") for owner in answers)


def test_a_stopping_service_gives_back_what_it_claimed(
    ombak: Tenant, answering: Answering, answers: list[str]
):
    due(ombak, 1)
    answering.find()
    answering._stopping.set()
    answering._pool.run()  # type: ignore[attr-defined]
    assert answers == []
    assert Conversation.objects.due(timezone.now()).count() == 1


@pytest.mark.parametrize(("error", "deadly"), [(ValueError, False), (SystemExit, True)])
def test_a_failed_turn_frees_its_thread_and_a_dead_one_is_told(
    ombak: Tenant,
    answering: Answering,
    deaths: list[BaseException],
    error: type[BaseException],
    deadly: bool,
):
    def fail(claim: Claim) -> None:
        raise error

    answering._answer = fail
    due(ombak, 1)
    answering.find()
    answering._pool.run()  # type: ignore[attr-defined]
    assert bool(deaths) is deadly
    Conversation.objects.update(lease_until=None)
    answering.find()
    assert len(answering._pool.work) == 1  # type: ignore[attr-defined]


def test_claims_of_a_killed_service_are_forgotten_others_stay(ombak: Tenant):
    due(ombak, 2)
    until = timezone.now() + dt.timedelta(minutes=1)
    first, second = Conversation.objects.all()
    Conversation.objects.filter(pk=first.pk).update(lease_owner="here/1/2#ab", lease_until=until)
    Conversation.objects.filter(pk=second.pk).update(lease_owner="there/1/2#ab", lease_until=until)
    forget_claims("here")
    assert list(Conversation.objects.due(timezone.now())) == [first]


def test_knowledge_that_changed_without_a_signal_is_looked_for_every_hour(
    ombak: Tenant, monkeypatch: pytest.MonkeyPatch
):
    looks: list[float] = []
    monkeypatch.setattr(runner, "check", lambda: looks.append(0))
    seconds = [0.0]
    chores = runner.Chores(lambda: seconds[0])
    chores.step()
    assert looks == []
    seconds[0] = runner.CHECK_EVERY
    chores.step()
    chores.step()
    assert len(looks) == 1
