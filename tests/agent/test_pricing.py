"""Prices and capabilities of models."""

from decimal import Decimal

import pytest

from agent.pricing import CARDS, UNKNOWN, Usage, card


def test_a_call_costs_what_its_tokens_cost():
    usage = Usage(input=1_000_000, output=100_000, cache_read=1_000_000, cache_write=0)
    assert card("claude-haiku-4-5").cost(usage) == Decimal("1.60")


def test_a_dated_name_is_of_its_family():
    assert card("claude-haiku-4-5-20251001") is CARDS["claude-haiku-4-5"]


def test_an_unknown_model_is_never_cheaper_than_a_known_one():
    assert card("my-own-model") is UNKNOWN
    for row in CARDS.values():
        assert UNKNOWN.price_in >= row.price_in
        assert UNKNOWN.price_out >= row.price_out


def test_the_model_that_refuses_to_be_told_not_to_think_is_not_told_so():
    assert card("claude-sonnet-5-5").parameters["thinking"] == {"type": "adaptive"}
    assert "thinking" not in card("claude-haiku-4-5").parameters


@pytest.mark.parametrize("model", [*CARDS, "my-own-model"])
def test_no_call_costs_more_than_the_most_that_is_set_aside_for_it(model):
    row, letters = card(model), 40_000
    usage = Usage(cache_write=row.tokens_of(letters), output=row.max_tokens)
    assert row.cost(usage) < row.most(letters)


def test_a_long_prompt_costs_five_times_as_much_where_that_is_so():
    short, long = Usage(input=100_000), Usage(input=50_000, cache_read=50_001)
    row = card("claude-haiku-5-5")
    assert row.cost(short) == Decimal("0.01")
    assert row.cost(long) == Decimal("0.0275")
    assert card("claude-haiku-4-5").cost(Usage(input=200_000)) == Decimal("0.2")


def test_only_models_that_let_themselves_be_told_how_freely_to_word_are_told_so():
    told = [name for name, row in CARDS.items() if "extra_body" in row.parameters]
    assert told == ["claude-haiku-4-5"]
    assert UNKNOWN.parameters == {}
