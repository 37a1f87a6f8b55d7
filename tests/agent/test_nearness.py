"""Questions of one meaning in other words are one gap where an embedding model tells it, whatever numbers it uses."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.conf import LazySettings

from agent import gaps, nearness
from agent.records import Gap
from knowledge.embeddings import Embedder
from tenants.models import Tenant
from tests.agent.test_gaps import DAY, asked, gather, told
from tests.loopback import EmbeddingServer, Loopback, serve

TOPICS = {
    "aku naik scooter, taruhnya dimana": "scooter",
    "place for my vespa": "scooter",
    "bisa ngadain ultah di situ?": "party",
}


class Meanings(EmbeddingServer):
    """Each topic is a direction of its own, `blur` of what all questions have in common is mixed in."""

    def __init__(self, blur: float) -> None:
        super().__init__()
        self.blur = blur
        known = {text: f"pair {n}" for n, pair in enumerate(nearness._SAME) for text in pair}
        self.topics = known | TOPICS
        self.places = {topic: n for n, topic in enumerate(sorted(set(self.topics.values())))}

    def vector(self, text: str) -> list[float]:
        numbers = [0.05 * number for number in super().vector(text)] + [0.0] * len(self.places)
        numbers[8 + self.places[self.topics[text]]] = 1.0
        return [*(3 * number for number in numbers), self.blur]  # and not of length 1


@contextmanager
def served(settings: LazySettings, blur: float = 1.0) -> Iterator[Loopback]:
    with serve(Meanings(blur)) as loopback:
        settings.OPENAI_BASE_URL = f"{loopback.url}/v1"
        yield loopback


@pytest.fixture(autouse=True)
def nothing_known(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("_near_enough", "_resting"):
        monkeypatch.setattr(nearness, name, {})
    nearness._kept.clear()


def ask_all(tenant: Tenant) -> None:
    for text in TOPICS:
        asked(tenant, text)
    gather()


def test_without_a_key_words_group_as_before(ombak: Tenant) -> None:
    ask_all(ombak)
    assert Gap.objects.count() == 3


@pytest.mark.parametrize("blur", [0.0, 1.0, 9.0])  # the last puts all questions above .8
def test_other_words_of_the_same_meaning_are_one_gap(
    ombak: Tenant, settings: LazySettings, blur: float
) -> None:
    with served(settings, blur):
        ask_all(ombak)
    first, second, third = TOPICS
    assert sorted(map(sorted, told())) == sorted([sorted([first, second]), [third]])


def test_a_question_is_embedded_once(ombak: Tenant, settings: LazySettings) -> None:
    with served(settings) as loopback:
        ask_all(ombak)
        sent = [text for each in loopback.asked for text in each.body["input"]]
    assert len(sent) == len(set(sent)) == 2 * len(nearness._SAME) + len(TOPICS)


def test_a_server_that_fails_leaves_it_to_the_words(ombak: Tenant, settings: LazySettings) -> None:
    server = Meanings(1.0)
    server.failing = (400, {"error": {"message": "no"}})
    with serve(server) as loopback:
        settings.OPENAI_BASE_URL = f"{loopback.url}/v1"
        ask_all(ombak)
        assert len(loopback.asked) == 1  # and it is left alone a while
    assert Gap.objects.count() == 3


def test_a_model_that_mixes_all_up_groups_nothing(ombak: Tenant, settings: LazySettings) -> None:
    server = Meanings(1.0)
    server.topics = dict.fromkeys(server.topics, "party")
    with serve(server) as loopback:
        settings.OPENAI_BASE_URL = f"{loopback.url}/v1"
        assert nearness._enough(Embedder("m", "k")) > 0.99


def test_nobody_waits_for_a_server_at_the_button(ombak: Tenant, settings: LazySettings) -> None:
    with served(settings) as loopback:
        first, second, _third = TOPICS
        gaps.wrong(asked(ombak, first, at=asked(ombak, second).created_at + DAY))
        assert loopback.asked == []


def test_what_is_in_memory_is_bounded(
    settings: LazySettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(nearness, "MOST_KEPT", 3)
    with serve(EmbeddingServer()) as loopback:
        settings.OPENAI_BASE_URL = f"{loopback.url}/v1"
        nearness._vectors(Embedder("m", "k"), [f"text {number}" for number in range(9)])
    assert len(nearness._kept) == 3
