"""Numbers stand as the language of the page writes them."""

from decimal import Decimal

import pytest
from django.utils.translation import override

from tenants.numbers import decimal, duration


@pytest.mark.parametrize(
    ("seconds", "english", "indonesian"),
    [
        (None, "—", "—"),
        (0.0, "0 ms", "0 ms"),
        (0.04, "40 ms", "40 ms"),
        (0.1, "0.1 s", "0,1 dtk"),
        (3.96, "4.0 s", "4,0 dtk"),
        (45, "45 s", "45 dtk"),
        (840, "14 min", "14 mnt"),
        (9000, "2.5 h", "2,5 j"),
    ],
)
def test_times_are_told_as_one_says_them(
    seconds: float | None, english: str, indonesian: str
) -> None:
    assert duration(seconds) == english
    with override("id"):
        assert duration(seconds) == indonesian


@pytest.mark.parametrize(
    ("value", "digits", "english", "indonesian"),
    [
        (Decimal("0"), 2, "0.00", "0,00"),
        (1234.567, 2, "1,234.57", "1.234,57"),
        (0.0029, 4, "0.0029", "0,0029"),
        (999.96, 1, "1,000.0", "1.000,0"),
        (-2.5, 1, "-2.5", "-2,5"),
        (1e-9, 1, "0.0", "0,0"),
    ],
)
def test_numbers_are_rounded_and_grouped(
    value: float, digits: int, english: str, indonesian: str
) -> None:
    assert decimal(value, digits) == english
    with override("id"):
        assert decimal(value, digits) == indonesian
