"""What each model can do and costs. A model that is not listed gets the most careful row."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any


@dataclass(frozen=True)
class Usage:
    """Tokens of one or more model calls; `input` counts only what was neither read from nor written to the cache."""

    input: int = 0
    output: int = 0
    cache_read: int = 0
    cache_write: int = 0

    def __add__(self, other: "Usage") -> "Usage":
        return Usage(
            self.input + other.input,
            self.output + other.output,
            self.cache_read + other.cache_read,
            self.cache_write + other.cache_write,
        )


@dataclass(frozen=True)
class ModelCard:
    """Prices are USD per million tokens; `cache_write` is that of the one-hour cache, which is the one we use."""

    price_in: Decimal
    price_out: Decimal
    cache_read: Decimal
    cache_write: Decimal
    # Smallest prefix in tokens that is cached at all; None: do not count on a cache.
    cache_floor: int | None
    # Our estimate for this model's tokens of one character of Indonesian or English.
    tokens_per_character: float
    max_tokens: int
    strict_tools: bool = True
    # What the model is asked beside the chat: how much it thinks, how freely it words.
    parameters: Mapping[str, Any] = field(default_factory=dict)
    # Above so many tokens of prompt everything costs so many times as much; None: never.
    long_prompt: tuple[int, int] | None = None
    vision: bool = False  # whether it is shown customers' pictures

    def tokens_of(self, characters: int) -> int:
        """About how many tokens a text of this length has."""
        return round(characters * self.tokens_per_character)

    def cost(self, usage: Usage) -> Decimal:
        total = (
            usage.input * self.price_in
            + usage.output * self.price_out
            + usage.cache_read * self.cache_read
            + usage.cache_write * self.cache_write
        )
        prompt = usage.input + usage.cache_read + usage.cache_write
        return (total * self._times(prompt) / 1_000_000).quantize(Decimal("0.000001"))

    def most(self, characters: int) -> Decimal:
        """The most that a call with a request of this length can cost: nothing cached, the longest answer.

        Twice our usual estimate of tokens, as numbers and rare words take more.
        """
        prompt = 2 * self.tokens_of(characters)
        dearest = max(self.price_in, self.cache_write)
        total = prompt * dearest + self.max_tokens * self.price_out
        return total * self._times(prompt) / 1_000_000

    def _times(self, prompt: int) -> int:
        return self.long_prompt[1] if self.long_prompt and prompt > self.long_prompt[0] else 1


# Only older models let themselves be told how freely to word; the SDK knows the word no more.
_FACTUAL = {"extra_body": {"temperature": 0.3}}
_ADAPTIVE = {"thinking": {"type": "adaptive"}, "output_config": {"effort": "low"}}

CARDS = {
    "claude-haiku-4-5": ModelCard(
        Decimal("1"),
        Decimal("5"),
        Decimal("0.10"),
        Decimal("2"),
        4096,
        0.27,
        600,
        parameters=_FACTUAL,
        vision=True,
    ),
    # Thinking tokens count into max_tokens, hence the larger number.
    "claude-haiku-5-5": ModelCard(
        Decimal("0.10"),
        Decimal("0.50"),
        Decimal("0.01"),
        Decimal("0.20"),
        512,
        0.35,
        2000,
        parameters=_ADAPTIVE,
        long_prompt=(100_000, 5),
        vision=True,
    ),
    # Its cache floor is not published; 4,096 is the largest that a model is known to have.
    "claude-sonnet-5-5": ModelCard(
        Decimal("2"),
        Decimal("10"),
        Decimal("0.20"),
        Decimal("4"),
        4096,
        0.35,
        2000,
        parameters=_ADAPTIVE,
        vision=True,
    ),
}

# Priced like the dearest that we know, so that a budget is never overrun by a typing error in AGENT_MODEL.
UNKNOWN = ModelCard(
    Decimal("2"), Decimal("10"), Decimal("2"), Decimal("4"), None, 0.35, 1000, strict_tools=False
)


def card(model: str) -> ModelCard:
    """The row of a model id; dated ids such as claude-haiku-4-5-20251001 belong to their family."""
    for name, row in CARDS.items():
        if model == name or model.startswith(f"{name}-2"):
            return row
    return UNKNOWN
