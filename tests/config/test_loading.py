"""Studio files: whole or not at all, and what is wrong is told with its place."""

import base64
import io
import json
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from config.exporting import studio_as_dict
from config.studiofile import MAX_BYTES
from conversations.models import Conversation, Customer
from knowledge import attachments
from knowledge.models import KnowledgeCategory, KnowledgeEntry
from tenants.models import Tenant
from tests import factories
from tests.knowledge.test_attachments import PDF

EVALS = Path(__file__).resolve().parents[2] / "evals" / "studios.json"
ENTRY = {"id": "e1", "title": "Harga", "category": "classes", "content": "Rp 1.000."}
STUDIO: dict[str, Any] = {"id": "pagi", "name": "Pagi", "entries": [ENTRY]}

pytestmark = pytest.mark.django_db


def written(folder: Path, content: Any) -> Path:
    path = folder / "studio.json"
    path.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
    return path


def load(path: Path, *options: str) -> None:
    call_command("loadstudio", str(path), *options)


def refusal(path: Path, *options: str) -> str:
    with pytest.raises(CommandError) as caught:
        load(path, *options)
    assert caught.value.returncode == 2
    return str(caught.value)


def everything() -> str:
    return repr(
        [
            list(m.objects.order_by("pk").values())
            for m in (Tenant, KnowledgeEntry, KnowledgeCategory)
        ]
    )


def test_loaded_studios_are_live_entries_keep_their_ids_and_all_is_exported_as_it_was() -> None:
    load(EVALS)
    for studio in json.loads(EVALS.read_text())["studios"]:
        assert studio_as_dict(Tenant.objects.get(slug=studio["id"])) == studio
    ombak = Tenant.objects.get(slug="ombak")
    assert (ombak.mode, ombak.whatsapp_number, ombak.timezone) == (
        "live",
        "+6281200001101",
        "Asia/Makassar",
    )
    assert ombak.entries.count() == 36
    assert ombak.entries.filter(
        external_id="ombak-misc-notice"
    ).exists()  # poisoned, loaded like any other


def test_unusual_settings_survive_the_round_trip(tmp_path: Path) -> None:
    studio = STUDIO | {
        "city": "Ubud",
        "address": "Jl. Pagi 7",
        "phone": "+62361700700",
        "quiet_from": "22:00",
        "quiet_until": "06:30",
        "timezone": "Asia/Jakarta",
        "currency": "USD",
        "default_language": "en",
        "whatsapp_number": "6281234567890",
        "persona_name": "Ayu",
        "persona_tone": "warm",
        "greeting": "Hi!",
        "mode": "off",
        "active": False,
        "opening_hours": {"mon": [["08:00", "12:00"]]},
        "handover_contacts": ["+6281234567891", "a@b.example"],
        "messages_per_minute": 5,
        "phone_silence_minutes": 60,
        "handover_words": "komplain\nbu Ketut",
        "keep_messages_days": 90,
        "keep_files_days": 30,
        "categories": ["events"],
        "leak_markers": {"names": ["Pagi"]},
        "entries": [
            ENTRY
            | {"language": "id", "keywords": "a, b", "status": "draft", "category": "events"}
            | {"valid_from": "2026-01-01", "valid_until": "2026-12-31", "poisoned": True}
        ],
    }
    load(written(tmp_path, {"studios": [studio]}))
    assert studio_as_dict(Tenant.objects.get()) == studio


def test_one_studio_may_stand_alone_in_a_file(tmp_path: Path) -> None:
    load(written(tmp_path, STUDIO))
    assert KnowledgeEntry.objects.get().language == "id"


def test_a_mark_at_the_start_of_the_file_is_no_mistake(tmp_path: Path) -> None:
    load(written(tmp_path, b"\xef\xbb\xbf" + json.dumps(STUDIO).encode()))
    assert Tenant.objects.get().slug == "pagi"


def test_an_existing_studio_is_left_alone_and_so_are_the_others_of_the_file(tmp_path: Path) -> None:
    load(written(tmp_path, STUDIO))
    before = everything()
    said = refusal(
        written(tmp_path, {"studios": [STUDIO | {"id": "sore"}, STUDIO | {"name": "X"}]})
    )
    assert said.startswith("Studio pagi exists already.")
    assert "--replace" in said
    assert everything() == before


def test_replacing_makes_the_knowledge_that_of_the_file_and_keeps_conversations(
    tmp_path: Path,
) -> None:
    two = [ENTRY, ENTRY | {"id": "e2", "title": "Jadwal"}]
    load(written(tmp_path, STUDIO | {"entries": two}))
    tenant = Tenant.objects.get()
    Tenant.objects.update(mode="off", anthropic_api_key="sk-own")
    factories.entry(tenant, "Written by hand")
    customer = Customer.objects.create(tenant=tenant, phone="+6281234567890")
    Conversation.objects.create(tenant=tenant, customer=customer)
    kept = KnowledgeEntry.objects.get(external_id="e1")
    three = [ENTRY | {"content": "Rp 2.000."}, ENTRY | {"id": "e3", "title": "Alamat"}]
    load(written(tmp_path, STUDIO | {"name": "Pagi Baru", "entries": three}), "--replace")
    tenant = Tenant.objects.get()
    assert (tenant.name, tenant.mode, tenant.anthropic_api_key) == ("Pagi Baru", "off", "sk-own")
    assert set(tenant.entries.values_list("external_id", "content")) == {
        ("e1", "Rp 2.000."),
        ("e3", "Rp 1.000."),
    }
    assert KnowledgeEntry.objects.get(external_id="e1").pk == kept.pk
    assert Conversation.objects.filter(tenant=tenant).exists()


def test_replacing_with_the_same_file_touches_no_entry(tmp_path: Path) -> None:
    load(EVALS)
    before = everything()
    load(EVALS, "--replace")
    assert everything() == before


def test_space_around_a_text_is_no_change(tmp_path: Path) -> None:
    spaced = written(tmp_path, STUDIO | {"entries": [ENTRY | {"content": " Rp 1.000.\r\nYa. "}]})
    load(spaced)
    before = everything()
    load(spaced, "--replace")
    assert everything() == before


def test_an_entry_written_by_hand_comes_back_by_its_own_id(tmp_path: Path) -> None:
    load(written(tmp_path, STUDIO))
    tenant = Tenant.objects.get()
    by_hand = factories.entry(tenant, "By hand")
    load(written(tmp_path, studio_as_dict(tenant)), "--replace")
    assert KnowledgeEntry.objects.get(title="By hand").pk == by_hand.pk


def test_a_mistake_in_the_last_entry_loads_nothing(tmp_path: Path) -> None:
    bad = ENTRY | {"id": "e2", "category": "food"}
    said = refusal(
        written(tmp_path, {"studios": [STUDIO, STUDIO | {"id": "sore", "entries": [ENTRY, bad]}]})
    )
    assert said.startswith("Studio sore, entry e2, category: “food” is no category.")
    assert not Tenant.objects.exists()
    assert not KnowledgeEntry.objects.exists()


def test_a_mistake_while_replacing_keeps_everything(tmp_path: Path) -> None:
    load(written(tmp_path, STUDIO))
    before = everything()
    refusal(
        written(
            tmp_path, STUDIO | {"name": "X", "entries": [ENTRY | {"id": "n", "category": "?"}]}
        ),
        "--replace",
    )
    assert everything() == before


def test_a_number_of_another_studio_is_told_with_its_holder(tmp_path: Path, ombak: Tenant) -> None:
    said = refusal(written(tmp_path, STUDIO | {"whatsapp_number": "0812 0000 1101"}))
    assert said == "Studio pagi, whatsapp_number: +6281200001101 belongs to the studio ombak."


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "is empty"),
        (b"  \n", "is empty"),
        (b'{"studios": [\n  {"id": "x",}\n]}', "line 2, column 14"),
        (b'{"studios": []}', "holds no studio"),
        (b"[]", "expected"),
        (b"3", "expected"),
        (b'{"a": NaN}', "NaN is no JSON value"),
        (b"\xff\xfe{\x00", "line 1: the text is not UTF-8"),
        (b'{"name": "\n\xe9"}', "line 2: the text is not UTF-8"),
        (b'{"name": "\\ud800"}', "surrogates"),
        (b"[" * 200_000, "nested too deeply"),
        ({"studios": ["x"]}, "Studio 1 is a text"),
        ({"studios": None}, "expected"),
        (STUDIO | {"id": None}, "Studio number 1, id: is missing."),
        (STUDIO | {"id": 7}, "Studio number 1, id: is a number; expected text."),
        (STUDIO | {"id": "two words"}, "Studio two words, slug"),
        (STUDIO | {"name": ""}, "Studio pagi, name: is missing."),
        (STUDIO | {"name": "x" * 121}, "Studio pagi, name"),
        (STUDIO | {"name": "a\x00"}, "Studio pagi, name: holds a NUL"),
        (STUDIO | {"timezone": "Mars"}, "Studio pagi, timezone: “Mars” is no time zone."),
        (STUDIO | {"default_language": "fr"}, "Studio pagi, default_language"),
        (
            STUDIO | {"whatsapp_number": "12"},
            "Studio pagi, whatsapp_number: “12” is no phone number.",
        ),
        (STUDIO | {"opening_hours": {"x": []}}, "Studio pagi, opening_hours: “x” is no day."),
        (STUDIO | {"messages_per_minute": "many"}, "Studio pagi, messages_per_minute"),
        (STUDIO | {"active": "perhaps"}, "Studio pagi, active"),
        (STUDIO | {"entries": None}, "Studio pagi, entries: expected a list"),
        (STUDIO | {"entries": [3]}, "Studio pagi, entry number 1 is a number"),
        (
            STUDIO | {"entries": [ENTRY | {"title": None}]},
            "Studio pagi, entry e1, title: is missing.",
        ),
        (
            STUDIO | {"entries": [ENTRY | {"content": ["x"]}]},
            "Studio pagi, entry e1, content: is a list",
        ),
        (STUDIO | {"entries": [ENTRY | {"keywords": [1]}]}, "Studio pagi, entry e1, keywords"),
        (STUDIO | {"entries": [ENTRY | {"status": "new"}]}, "Studio pagi, entry e1, status"),
        (
            STUDIO | {"entries": [ENTRY | {"valid_until": "soon"}]},
            "Studio pagi, entry e1, valid_until",
        ),
        (
            STUDIO | {"entries": [ENTRY | {"content": "x" * 20_001}]},
            "Studio pagi, entry e1, content",
        ),
        (
            STUDIO | {"entries": [ENTRY, ENTRY]},
            "Studio pagi, entry e1: this id stands in the file 2 times.",
        ),
        ({"studios": [STUDIO, STUDIO]}, "Studio pagi: this id stands in the file 2 times."),
        (STUDIO | {"api_keys": {"anthropic": "sk"}}, "keys do not belong in a studio file"),
        (STUDIO | {"categories": "events"}, "Studio pagi, categories: expected a list"),
        (STUDIO | {"handover_contacts": "x"}, "Studio pagi, handover_contacts"),
    ],
    ids=lambda value: str(value)[:60] if isinstance(value, str) else "",
)
def test_a_wrong_file_is_told_with_its_place_and_loads_nothing(
    tmp_path: Path, content: Any, sentence: str
) -> None:
    assert sentence in refusal(written(tmp_path, content))
    assert not Tenant.objects.exists()


def test_a_file_that_is_not_there_a_folder_and_a_huge_file_are_told(tmp_path: Path) -> None:
    assert refusal(tmp_path / "none.json") == f"There is no file {tmp_path / 'none.json'}."
    assert "is a folder" in refusal(tmp_path)
    huge = tmp_path / "huge.json"
    with huge.open("wb") as file:
        file.truncate(50_000_000)
    assert f"is 50 MB; a studio file may have {MAX_BYTES // 1_000_000} MB" in refusal(huge)


def test_many_problems_are_shortened(tmp_path: Path) -> None:
    entries = [{"id": f"e{n}"} for n in range(500)]
    said = refusal(written(tmp_path, STUDIO | {"entries": entries}))
    assert said.count("\n") == 20
    assert said.endswith("… and 1480 more problems.")


def test_exporting_writes_a_file_and_refuses_unknown_studios(tmp_path: Path, ombak: Tenant) -> None:
    factories.entry(ombak)
    call_command("exportstudio", "ombak", "--out", str(tmp_path / "out.json"), stderr=io.StringIO())
    Tenant.objects.all().delete()
    load(tmp_path / "out.json")
    assert KnowledgeEntry.objects.get().title == "Harga"
    for slug, folder in [("nowhere", tmp_path), ("ombak", tmp_path / "no" / "such")]:
        with pytest.raises(CommandError) as caught:
            call_command("exportstudio", slug, "--out", str(folder / "x.json"))
        assert caught.value.returncode == 2


def test_keys_are_never_exported(ombak: Tenant) -> None:
    ombak.anthropic_api_key = "sk-ant-secret"
    assert "secret" not in json.dumps(studio_as_dict(ombak))


def test_poisoned_entries_wait_for_a_person_or_who_loads_with_approve_answers_for_them(
    capsys: pytest.CaptureFixture[str],
) -> None:
    load(EVALS)
    said = capsys.readouterr().out
    waiting = KnowledgeEntry.objects.waiting().values_list("external_id", flat=True)
    assert set(waiting) == {"ombak-misc-notice", "senja-misc-reviews"}
    assert "1 of them wait for review" in said
    assert "ombak-misc-notice: It reads like an order to the assistant" in said
    assert "--approve" in said
    load(EVALS, "--replace", "--approve")
    assert not KnowledgeEntry.objects.waiting().exists()
    approved = KnowledgeEntry.objects.exclude(approved_at=None)
    assert [entry.approved_by for entry in approved] == [None, None]
    capsys.readouterr()
    load(EVALS, "--replace")  # the approval stays with the text
    assert "review" not in capsys.readouterr().out


def test_the_file_of_an_entry_moves_with_its_studio(tmp_path: Path, settings: Any) -> None:
    settings.MEDIA_ROOT = tmp_path / "media"
    file = {"name": "harga.pdf", "data": base64.b64encode(PDF).decode()}
    studio = STUDIO | {"entries": [ENTRY | {"file": file}]}
    load(written(tmp_path, studio))
    kept = KnowledgeEntry.objects.get().file
    assert kept is not None
    assert attachments.read(kept) == PDF
    told = studio_as_dict(Tenant.objects.get())
    assert told["entries"][0]["file"] == file
    assert "file" not in studio_as_dict(Tenant.objects.get(), files=False)["entries"][0]
    load(written(tmp_path, told), "--replace")
    assert KnowledgeEntry.objects.get().file == kept  # the same one, which customers may have
    load(written(tmp_path, STUDIO), "--replace")
    assert KnowledgeEntry.objects.get().file == kept  # the file says nothing about it


@pytest.mark.parametrize(
    ("file", "sentence"),
    [
        ("x", "file: expected an object with name and data (base64)."),
        ({"name": "a.pdf", "data": "%%%"}, "file: The file is not in base64."),
        ({"name": "a.pdf", "data": "aGVsbG8="}, "file: Only JPEG, PNG and WebP"),
    ],
)
def test_a_wrong_file_of_an_entry_is_told_with_its_place(
    tmp_path: Path, file: Any, sentence: str
) -> None:
    said = refusal(written(tmp_path, STUDIO | {"entries": [ENTRY | {"file": file}]}))
    assert "Studio pagi, entry e1, " + sentence in said
    assert not Tenant.objects.exists()
