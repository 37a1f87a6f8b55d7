"""A long choice is drawn in one piece, and as Django would draw it."""

from django import forms
from django.test.html import parse_html

from tenants.widgets import LongSelect

CHOICES = [("", "-"), ("a", "A & <b>"), ('"b', "B")]


def test_it_is_the_select_that_django_draws() -> None:
    attrs = {"id": "id_zone", "class": "m-field", "required": True, "disabled": False}
    for value in ("a", '"b', "", None, "gone"):
        drawn = [
            kind(choices=CHOICES).render("zone", value, attrs)
            for kind in (forms.Select, LongSelect)
        ]
        assert parse_html(drawn[1]) == parse_html(drawn[0])
