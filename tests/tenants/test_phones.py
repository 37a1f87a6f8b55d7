"""One spelling for every number, and a sentence for what is none."""

import pytest
from django.core.exceptions import ValidationError

from tenants.phones import normalise, readable


@pytest.mark.parametrize(
    "typed", ["081234567890", "6281234567890", "+62 812-3456-7890", " 0812 3456 7890 "]
)
def test_all_ways_to_type_a_number_mean_the_same(typed: str) -> None:
    assert normalise(typed) == "+6281234567890"


@pytest.mark.parametrize(
    "typed", ["", "abc", "12", "0812", "0812345", "+620812345", "+62", "0" * 30]
)
def test_what_is_no_number_is_refused(typed: str) -> None:
    with pytest.raises(ValidationError, match="is no phone number"):
        normalise(typed)


def test_a_number_abroad_keeps_the_zero_that_belongs_to_it() -> None:
    assert normalise("+39 06 698 12345") == "+390669812345"


def test_a_number_is_shown_in_groups() -> None:
    assert readable("+6281234567890") == "+62 812-3456-7890"
    assert readable(None) == ""
