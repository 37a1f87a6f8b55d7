"""One spelling for every phone number: E.164, such as +6281234567890."""

import phonenumbers
from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _


def normalise(text: str) -> str:
    """E.164 of a number as people type it: 0812…, 62812…, +62 812-… are the same.

    Raises ValidationError with a sentence when it is no possible phone number. A number without country
    code belongs to the setting PHONE_REGION.
    """
    typed = text.strip()
    candidates = [typed] if typed.startswith(("+", "0")) else [f"+{typed}", typed]
    for candidate in candidates:
        try:
            number = phonenumbers.parse(candidate, settings.PHONE_REGION)
        except phonenumbers.NumberParseException:
            continue
        # 0812345 is too short for its zero to be left out; few countries have numbers with a zero in front.
        zero = number.italian_leading_zero and not phonenumbers.is_valid_number(number)
        if phonenumbers.is_possible_number(number) and not zero:
            return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    raise ValidationError(
        _("“%(number)s” is no phone number. Write it like 0812 3456 7890 or +62 812 3456 7890."),
        code="invalid_phone",
        params={"number": typed[:40]},
    )


def readable(number: str | None) -> str:
    """The number as people write it abroad: +62 812-3456-7890; empty for none."""
    if not number:
        return ""
    try:
        parsed = phonenumbers.parse(number, None)
    except phonenumbers.NumberParseException:
        return number
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.INTERNATIONAL)
