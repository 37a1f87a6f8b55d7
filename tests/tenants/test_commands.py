"""updatetenant and createtoken at the terminal."""

import io
import sys
from decimal import Decimal
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from tenants.models import ApiToken, Tenant

pytestmark = pytest.mark.django_db


def run(command: str, *arguments: str) -> str:
    out = io.StringIO()
    call_command(command, *arguments, stdout=out, stderr=io.StringIO())
    return out.getvalue()


def refusal(command: str, *arguments: str) -> str:
    with pytest.raises(CommandError) as caught:
        run(command, *arguments)
    assert caught.value.returncode == 2
    return str(caught.value)


@pytest.mark.parametrize(
    "number", ["081234567890", "6281234567890", "+6281234567890", "+62 812-3456-7890"]
)
def test_a_number_is_the_same_in_every_spelling(ombak: Tenant, number: str) -> None:
    said = run("updatetenant", "--whatsapp", number)
    assert said == "Studio ombak: WhatsApp number: +6281200001101 → +6281234567890.\n"
    ombak.refresh_from_db()
    assert ombak.whatsapp_number == "+6281234567890"
    assert "nothing changed" in run("updatetenant", "--whatsapp", number)


def test_a_number_can_be_taken_away(ombak: Tenant, senja: Tenant) -> None:
    for studio in ("ombak", "senja"):
        run("updatetenant", studio, "--whatsapp", "")
    assert set(Tenant.objects.values_list("whatsapp_number", flat=True)) == {None}


def test_without_a_slug_the_only_studio_is_meant_and_several_are_listed(
    ombak: Tenant, senja: Tenant
) -> None:
    for command in ("updatetenant", "createtoken", "exportstudio"):
        assert refusal(command) == "Name the studio, one of: ombak, senja."
        assert "There is no studio “nowhere”. Studios: ombak, senja." in refusal(command, "nowhere")


def test_a_house_without_studios_says_how_to_get_one() -> None:
    assert "initmila" in refusal("updatetenant", "--mode", "live")


def test_the_number_of_another_studio_is_told_with_its_holder(ombak: Tenant, senja: Tenant) -> None:
    said = refusal("updatetenant", "ombak", "--whatsapp", "0812 0000 2202", "--name", "X")
    assert (
        said == "whatsapp_number: +6281200002202 belongs to the studio senja. Nothing was changed."
    )
    ombak.refresh_from_db()
    assert ombak.name == "Ombak Yoga"


def test_every_setting_can_be_changed(ombak: Tenant) -> None:
    run(
        "updatetenant", "ombak",
        "--name", "Ombak", "--city", "Ubud", "--address", "Jl. Pagi 7", "--phone", "0361 700 700",
        "--quiet-from", "22:00", "--quiet-until", "06:30", "--timezone", "Asia/Jakarta", "--currency", "usd", "--language", "en",
        "--persona-name", "Ayu", "--persona-tone", "warm", "--greeting", "Hi!", "--mode", "off", "--inactive",
        "--messages-per-minute", "5", "--phone-silence-minutes", "60",
        "--contact", "0812 3456 7890", "--contact", "a@b.example", "--opening-hours", '{"mon": [["08:00", "12:00"]]}',
    )  # fmt: skip
    ombak.refresh_from_db()
    assert (ombak.address, ombak.phone) == ("Jl. Pagi 7", "+62361700700")
    assert f"{ombak.quiet_from:%H:%M} {ombak.quiet_until:%H:%M}" == "22:00 06:30"
    assert (ombak.name, ombak.city, ombak.timezone, ombak.currency) == (
        "Ombak",
        "Ubud",
        "Asia/Jakarta",
        "USD",
    )
    assert (ombak.default_language, ombak.persona_name, ombak.persona_tone) == ("en", "Ayu", "warm")
    assert (ombak.greeting, ombak.mode, ombak.active) == ("Hi!", "off", False)
    assert (ombak.messages_per_minute, ombak.phone_silence_minutes) == (5, 60)
    assert ombak.handover_contacts == ["+6281234567890", "a@b.example"]
    assert ombak.opening_hours == {"mon": [["08:00", "12:00"]]}
    run(
        "updatetenant",
        "--budget-day", "50000", "--budget-month", "750000.50", "--budget-customer-day", "0",
        "--keep-messages-days", "90", "--keep-files-days", "30",
        "--handover-word", "komplain", "--handover-word", "bu Ketut",
    )  # fmt: skip
    ombak.refresh_from_db()
    assert (ombak.budget_day, ombak.budget_month) == (Decimal(50_000), Decimal("750000.50"))
    assert (ombak.budget_customer_day, ombak.keep_messages_days, ombak.keep_files_days) == (
        0,
        90,
        30,
    )
    assert ombak.handover_words == "komplain\nbu Ketut"
    assert ombak.tidied_at is not None  # nothing is deleted for a day
    shown = run("updatetenant")
    assert "budget_month: 750000.50\n" in shown
    assert "keep_files_days: 30\n" in shown
    run("updatetenant", "--budget-day", "", "--keep-messages-days", "", "--handover-word", "")
    ombak.refresh_from_db()
    assert (ombak.budget_day, ombak.keep_messages_days, ombak.handover_words) == (None, None, "")
    run("updatetenant", "--contact", "", "--opening-hours", "", "--active")
    ombak.refresh_from_db()
    assert (ombak.handover_contacts, ombak.opening_hours, ombak.active) == ([], {}, True)


@pytest.mark.parametrize(
    ("option", "value", "sentence"),
    [
        ("--whatsapp", "12", "whatsapp_number: “12” is no phone number."),
        ("--timezone", "Mars", "timezone: “Mars” is no time zone."),
        ("--language", "fr", "default_language"),
        ("--currency", "Rp", "currency: “Rp” is no currency."),
        ("--opening-hours", "{", "--opening-hours is no JSON"),
        ("--opening-hours", '{"mon": [["12:00", "08:00"]]}', "The hours of mon"),
        ("--keep-messages-days", "5", "keep_messages_days: At least 45 days"),
        ("--keep-files-days", "soon", "keep_files_days"),
        ("--keep-files-days", "9999999", "keep_files_days"),
        ("--budget-day", "-1", "budget_day"),
        ("--budget-month", "NaN", "budget_month"),
        ("--handover-word", "a", "handover_words: “a” cannot be used"),
        ("--contact", "nobody", "handover_contacts: “nobody” is no phone number."),
        ("--contact", "a@b", "handover_contacts"),
        ("--anthropic-key", "sk-ant-on-the-command-line", "there is no such file"),
        ("--name", "", "name"),
    ],
)
def test_a_wrong_value_is_told_and_changes_nothing(
    ombak: Tenant, option: str, value: str, sentence: str
) -> None:
    said = refusal("updatetenant", option, value, "--city", "Elsewhere")
    assert sentence in said
    assert "sk-ant" not in said
    ombak.refresh_from_db()
    assert ombak.city == ""


def test_a_key_comes_from_standard_input_or_a_file(
    ombak: Tenant, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("sk-ant-from-stdin\n"))
    said = run("updatetenant", "--anthropic-key", "-")
    assert said == "Studio ombak: own Anthropic key set, …tdin.\n"
    (tmp_path / "key").write_text("sk-from-file\n")
    run("updatetenant", "--openai-key", str(tmp_path / "key"))
    ombak.refresh_from_db()
    assert (ombak.anthropic_api_key, ombak.openai_api_key) == ("sk-ant-from-stdin", "sk-from-file")
    assert "sk-" not in run("updatetenant")
    run("updatetenant", "--anthropic-key", "")
    ombak.refresh_from_db()
    assert ombak.anthropic_api_key == ""


def test_a_new_studio_starts_in_test_mode(ombak: Tenant) -> None:
    assert "mode test" in run(
        "updatetenant", "pagi", "--create", "--name", "Pagi", "--timezone", "Asia/Jakarta"
    )
    assert Tenant.objects.get(slug="pagi").mode == "test"
    assert "exists already" in refusal("updatetenant", "pagi", "--create", "--name", "Pagi")
    assert "needs a slug and a name" in refusal("updatetenant", "sore", "--create")
    assert "slug" in refusal("updatetenant", "two words", "--create", "--name", "X")


def test_a_token_is_printed_alone_and_once(ombak: Tenant) -> None:
    text = run("createtoken", "ombak", "--name", "booking page").strip()
    token = ApiToken.find(text)
    assert token is not None
    assert token.tenant == ombak
    listed = run("createtoken", "--list")
    assert token.key in listed
    assert "booking page" in listed
    assert text not in listed
    assert text.split("_", 2)[2] not in token.digest


def test_a_revoked_token_opens_nothing(ombak: Tenant, senja: Tenant) -> None:
    text = run("createtoken", "ombak").strip()
    key = text.split("_")[1]
    assert "no token" in refusal("createtoken", "senja", "--revoke", key)
    assert ApiToken.find(text) is not None
    run("createtoken", "ombak", "--revoke", key)
    assert ApiToken.find(text) is None
    assert "revoked" in run("createtoken", "ombak", "--list")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "mila_",
        "mila__",
        "mila_00000000_",
        "x_00000000_y",
        "mila_\x00\x00\x00\x00\x00\x00\x00\x00_y",
        "🙂" * 20,
    ],
)
def test_what_is_no_token_opens_nothing(ombak: Tenant, text: str) -> None:
    assert ApiToken.find(text) is None
