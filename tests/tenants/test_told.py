"""What programs stored in English is read in the reader's language; what people wrote stays."""

import pytest
from django.utils.translation import override

from tenants.told import told

FAILED = "Asisten gagal tiga kali."
GONE = "Berkasnya hilang."


@pytest.mark.parametrize(
    "text",
    [
        "The assistant failed three times.",
        "A message arrived that cannot be read.",
        "The message was received too late for an answer.",
        "Very many answers in a short time: perhaps another program writes here.",
        "An answer did not reach the customer: It waited too long to be sent.",
        "An answer did not reach the customer: The file is gone. Attach it once more.",
    ],
)
def test_a_stored_sentence_is_told_in_indonesian(text: str) -> None:
    assert told(text) == text
    with override("id"):
        assert told(text) not in ("", text)
        assert "The" not in told(text)
        assert told(f"{text} (SMTP 550)").endswith(" (SMTP 550)")


@pytest.mark.parametrize(
    "text", ["", "Yes", "Customers", "Active", "berapa harga?", "I want my money.\nNow.", "Urgent."]
)
def test_words_of_customers_stay_as_they_are(text: str) -> None:
    with override("id"):
        assert told(text) == text
