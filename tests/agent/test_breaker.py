"""A circuit: nobody waits for a server that fails anyway, and it closes by itself."""

import threading

import pytest

from agent import breaker
from agent.breaker import FAILURES, LONGEST, SHORTEST, Circuit
from agent.troubles import LIMITED, OVERLOADED, WRONG_KEY, ModelError

MENDS = ModelError(OVERLOADED, permanent=False)
LASTS = ModelError(WRONG_KEY, permanent=True)


@pytest.fixture
def clock(monkeypatch):
    now = [100.0]
    monkeypatch.setattr(breaker, "clock", lambda: now[0])
    return now


def is_open(circuit):
    try:
        circuit.enter(patience=10)
    except ModelError:
        return True
    return False


def test_it_opens_after_some_failures_in_a_row_and_a_success_counts_anew(clock):
    circuit = Circuit()
    for _ in range(2):
        for _ in range(FAILURES - 1):
            circuit.failed(MENDS)
        assert not is_open(circuit)
        circuit.worked()
    for _ in range(FAILURES):
        circuit.failed(MENDS)
    assert is_open(circuit)


def test_what_does_not_mend_by_itself_opens_it_at_once_with_its_sentence(clock):
    circuit = Circuit()
    circuit.failed(LASTS)
    with pytest.raises(ModelError) as caught:
        circuit.enter(patience=10)
    assert (caught.value.sentence, caught.value.permanent) == (WRONG_KEY, True)


def test_one_call_tries_when_its_time_is_over_and_a_success_lets_everybody_through(clock):
    circuit = Circuit()
    circuit.failed(LASTS)
    clock[0] += SHORTEST
    assert [is_open(circuit) for _ in range(3)] == [False, True, True]
    circuit.worked()
    assert not is_open(circuit)
    assert circuit.error is None


def test_every_try_that_fails_makes_the_next_wait_longer_up_to_a_minute(clock):
    circuit, waits = Circuit(), []
    circuit.failed(LASTS)
    for _ in range(8):
        began = clock[0]
        while is_open(circuit):
            clock[0] += 1
        waits.append(clock[0] - began)
        circuit.failed(LASTS)
    assert waits == [5, 10, 20, 40, LONGEST, LONGEST, LONGEST, LONGEST]


def test_a_server_that_asks_for_time_gets_it_but_no_more_than_a_minute(clock):
    circuit = Circuit()
    circuit.failed(ModelError(LIMITED, permanent=False, wait=600))
    clock[0] += LONGEST - 1
    assert is_open(circuit)
    clock[0] += 1
    assert not is_open(circuit)


def test_a_try_whose_thread_died_does_not_keep_it_open(clock):
    circuit = Circuit()
    circuit.failed(LASTS)
    clock[0] += SHORTEST
    assert not is_open(circuit)  # and never heard of again
    clock[0] += 10
    assert not is_open(circuit)


def test_of_many_threads_one_tries(clock):
    circuit = Circuit()
    circuit.failed(LASTS)
    clock[0] += SHORTEST
    passed: list[bool] = []
    threads = [threading.Thread(target=lambda: passed.append(is_open(circuit))) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert passed.count(False) == 1


def test_each_key_and_address_has_its_own():
    assert breaker.circuit("a", "k1") is breaker.circuit("a", "k1")
    assert breaker.circuit("a", "k1") is not breaker.circuit("a", "k2")
