import os
import threading

import pytest

from whatsapp import wakeups
from whatsapp.wakeups import Wakeup


@pytest.fixture
def line(monkeypatch: pytest.MonkeyPatch) -> tuple[Wakeup, Wakeup]:
    """Both ends: the supervisor's, and the line's as it finds it in its environment."""
    ours, theirs = Wakeup.pair()
    monkeypatch.setenv(wakeups.VARIABLE, str(theirs.detach()))
    return ours, Wakeup.inherited()


def test_a_byte_reaches_the_other_side_both_ways(line: tuple[Wakeup, Wakeup]):
    ours, theirs = line
    assert not ours.drain()
    theirs.send()
    theirs.send()
    assert ours.drain()
    assert not ours.drain()
    heard = threading.Event()
    theirs.listen(heard.set)
    ours.send()
    assert heard.wait(5)


def test_a_partner_that_is_gone_or_deaf_disturbs_nobody(line: tuple[Wakeup, Wakeup]):
    ours, theirs = line
    for _byte in range(100_000):
        ours.send()  # nobody reads: the buffer is full long before
    theirs.close()
    ours.send()


@pytest.mark.parametrize("value", ["", "nonsense", "99999"])
def test_a_line_started_by_hand_hears_nobody(monkeypatch: pytest.MonkeyPatch, value: str):
    monkeypatch.setenv(wakeups.VARIABLE, value)
    alone = Wakeup.inherited()
    alone.send()
    alone.listen(lambda: None)
    assert not alone.drain()
    assert wakeups.VARIABLE not in os.environ
