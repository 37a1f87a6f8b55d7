"""Prices and capabilities of models."""

from decimal import Decimal

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
