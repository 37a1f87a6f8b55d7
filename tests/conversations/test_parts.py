"""Where a long text is cut."""

import pytest

from conversations.parts import LONG, MOST, parts


@pytest.mark.parametrize(("end", "worse"), [("\n\n", "\n"), ("\n", ". "), (". ", " "), (" ", "")])
def test_a_text_is_cut_at_the_best_place_even_when_a_worse_one_is_later(end: str, worse: str):
    first, second = "a" * (LONG - 200), "b" * 100
    found = parts(f"{first}{end}{second}{worse}{'c' * LONG}")
    assert found[0] == f"{first}{end}".rstrip()
    assert found[1].startswith("b")


def test_a_cut_that_would_leave_a_stub_is_not_made():
    found = parts("Halo\n\n" + "a" * (LONG - 100) + " " + "b" * LONG)
    assert found[0].startswith("Halo\n\naaa")


def test_what_has_no_gap_is_cut_all_the_same_and_nothing_is_lost():
    text = "a" * (LONG * 5)
    found = parts(text)
    assert [len(part) for part in found[:-1]] == [LONG] * (MOST - 1)
    assert "".join(found) == text


@pytest.mark.parametrize("length", [0, 1, LONG])
def test_a_short_text_is_one_message_as_it_is(length: int):
    assert parts("a" * length) == ["a" * length]
