import sqlite3
import threading
import time
from contextlib import nullcontext

import pytest
from django.db import OperationalError

from whatsapp.threads import HOPELESS, LONGEST_PAUSE, Loop, limited


class Stopped(BaseException):
    """What no step should survive."""


def loop(
    step,
    *,
    deaths: list[BaseException],
    stopping: threading.Event,
    pause: float = 30,
    vital: bool = False,
) -> Loop:
    return Loop("test", step, stopping=stopping, on_death=deaths.append, pause=pause, vital=vital)


def test_a_loop_goes_on_while_there_is_work_and_wakes_when_told():
    stopping, waiting, done = threading.Event(), threading.Event(), []

    def step() -> bool:
        done.append(1)
        if len(done) == 4:
            stopping.set()
        if len(done) == 3:
            waiting.set()
        return len(done) < 3

    thread = loop(step, deaths=[], stopping=stopping)
    thread.start()
    assert waiting.wait(5)
    while thread.is_alive():
        thread.wake()
        thread.join(0.01)
    assert len(done) == 4


def test_an_error_is_survived_and_waits_grow():
    thread = loop(lambda: 1 / 0 > 0, deaths=[], stopping=threading.Event(), pause=1)
    pauses = []
    for _call in range(6):
        assert thread._worked() is False
        pauses.append(thread._pause_now())
    assert pauses == [2, 4, 8, LONGEST_PAUSE, LONGEST_PAUSE, LONGEST_PAUSE]


def test_failures_of_many_hours_are_survived():
    thread = loop(lambda: 1 / 0 > 0, deaths=[], stopping=threading.Event(), pause=0.3)
    thread._failures = 5_000
    assert thread._pause_now() == LONGEST_PAUSE


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("error", "vital", "ends"),
    [
        (ValueError("no end"), True, True),
        (ValueError("no end"), False, False),
        (OperationalError("away"), True, False),
        (sqlite3.OperationalError("disk is full"), True, False),
    ],
)
def test_only_a_vital_thread_that_fails_without_end_dies_and_not_for_what_is_away(
    error: Exception, vital: bool, ends: bool
):
    def step() -> bool:
        raise error

    thread = loop(step, deaths=[], stopping=threading.Event(), vital=vital)
    for _try in range(HOPELESS - 1):
        assert thread._worked() is False
    with pytest.raises(ValueError, match="no end") if ends else nullcontext():
        assert thread._worked() is False


def test_a_thread_that_dies_says_so():
    def step() -> bool:
        raise Stopped

    deaths: list[BaseException] = []
    thread = loop(step, deaths=deaths, stopping=threading.Event())
    thread.start()
    thread.join(5)
    assert [type(death) for death in deaths] == [Stopped]


@pytest.mark.parametrize(("call", "returned"), [(lambda: None, True), (lambda: 1 / 0, False)])
def test_a_limited_call_tells_whether_it_succeeded(call, returned: bool):
    assert limited(call, 5) is returned


def test_a_call_that_hangs_is_left_behind():
    started = time.monotonic()
    assert limited(threading.Event().wait, 0.05) is False
    assert time.monotonic() - started < 2
