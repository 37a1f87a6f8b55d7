"""Studio files: what loadstudio reads and exportstudio writes. `{"studios": [studio, …]}` or one studio alone.

Everything wrong with a file is told in sentences that name the place, before anything is stored.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NoReturn

MAX_BYTES = 20_000_000
Studio = dict[str, Any]

STUDIO_TEXTS = (
    "name",
    "city",
    "address",
    "phone",
    "quiet_from",
    "quiet_until",
    "timezone",
    "currency",
    "default_language",
    "persona_name",
    "persona_tone",
    "greeting",
    "public_contacts",
    "handover_words",
    "mode",
)
STUDIO_NUMBERS = (
    *("messages_per_minute", "phone_silence_minutes"),
    *("keep_messages_days", "keep_files_days"),
)
STUDIO_FIELDS = (*STUDIO_TEXTS, *STUDIO_NUMBERS, "opening_hours", "handover_contacts", "active")
STUDIO_KEYS = frozenset({"id", "whatsapp_number", "categories", "entries", *STUDIO_FIELDS})
ENTRY_TEXTS = (
    "title",
    "category",
    "content",
    "language",
    "status",
    "valid_from",
    "valid_until",
)
ENTRY_KEYS = frozenset({"id", "keywords", "file", *ENTRY_TEXTS})
SECRETS = ("api_keys", "anthropic_api_key", "openai_api_key")


class StudioFileError(Exception):
    """A studio file cannot be used; `sentences` say where and why."""

    def __init__(self, *sentences: str) -> None:
        super().__init__("\n".join(sentences))
        self.sentences = sentences


def read(path: Path) -> list[Studio]:
    """The studios of a file. Raises StudioFileError."""
    return studios_of(parse(text_of(path), str(path)), str(path))


def text_of(path: Path) -> str:
    try:
        size = path.stat().st_size
        if path.is_dir():
            raise StudioFileError(f"{path} is a folder; name a studio file in JSON.")
        if size > MAX_BYTES:
            raise StudioFileError(
                f"{path} is {size / 1e6:.0f} MB; a studio file may have {MAX_BYTES // 1_000_000} MB at most."
            )
        raw = path.read_bytes()
    except FileNotFoundError:
        raise StudioFileError(f"There is no file {path}.") from None
    except OSError as error:
        raise StudioFileError(f"{path} cannot be read: {error.strerror}.") from None
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise StudioFileError(
            f"{path}, line {line}: the text is not UTF-8. Save the file with the encoding UTF-8."
        ) from None


def parse(text: str, name: str) -> Any:
    if not text.strip():
        raise StudioFileError(f"{name} is empty; a studio file is JSON with at least one studio.")
    try:
        value = json.loads(text, parse_constant=_no_constant)
        json.dumps(value, ensure_ascii=False).encode()  # half a surrogate pair cannot be stored
    except json.JSONDecodeError as error:
        raise StudioFileError(
            f"{name}, line {error.lineno}, column {error.colno}: {error.msg}. Nothing was loaded."
        ) from None
    except RecursionError:
        raise StudioFileError(f"{name} is nested too deeply for a studio file.") from None
    except ValueError as error:
        raise StudioFileError(f"{name}: {error}. Nothing was loaded.") from None
    return value


def _no_constant(word: str) -> NoReturn:
    raise ValueError(f"{word} is no JSON value")


def studios_of(value: Any, name: str) -> list[Studio]:
    """The studios of parsed JSON, in form: texts are texts, lists are lists, ids stand once."""
    studios = value.get("studios", [value]) if isinstance(value, dict) else None
    if not isinstance(studios, list):
        raise StudioFileError(f'{name}: expected {{"studios": [ … ]}} or one studio object.')
    if not studios:
        raise StudioFileError(f"{name} holds no studio.")
    problems = [
        sentence
        for number, studio in enumerate(studios, 1)
        for sentence in _studio_problems(studio, number)
    ]
    if not problems:
        problems = list(_doubles("Studio", [studio["id"] for studio in studios]))
    if problems:
        raise StudioFileError(*problems)
    return studios


def _studio_problems(studio: Any, number: int) -> Iterator[str]:
    if not isinstance(studio, dict):
        yield f"Studio {number} is {_kind(studio)}; expected an object with id, name and entries."
        return
    where = f"Studio {_name(studio, number)}"
    yield from _missing(studio, ("id", "name"), where)
    yield from _wrong_texts(studio, ("id", *STUDIO_TEXTS), where)
    for secret in sorted(studio.keys() & set(SECRETS)):
        yield f"{where}, {secret}: keys do not belong in a studio file. Set them with updatetenant."
    if not isinstance(studio.get("entries"), list):
        yield f"{where}, entries: expected a list of knowledge entries."
        return
    if not _are_texts(studio.get("categories", [])):
        yield f"{where}, categories: expected a list of names."
    for position, entry in enumerate(studio["entries"], 1):
        yield from _entry_problems(entry, f"{where}, entry {_name(entry, position)}")
    yield from _doubles(
        f"{where}, entry", [e.get("id") for e in studio["entries"] if isinstance(e, dict)]
    )


def _entry_problems(entry: Any, where: str) -> Iterator[str]:
    if not isinstance(entry, dict):
        yield f"{where} is {_kind(entry)}; expected an object with id, title, category and content."
        return
    yield from _missing(entry, ("id", "title", "category", "content"), where)
    yield from _wrong_texts(entry, ("id", *ENTRY_TEXTS), where)
    keywords = entry.get("keywords") or ""
    if not isinstance(keywords, str) and not _are_texts(keywords):
        yield f"{where}, keywords: expected words separated by commas, or a list of words."
    file = entry.get("file")
    if file is not None and not (
        isinstance(file, dict) and _are_texts([file.get("name"), file.get("data")])
    ):
        yield f"{where}, file: expected an object with name and data (base64)."


def _missing(row: dict[str, Any], fields: tuple[str, ...], where: str) -> Iterator[str]:
    for field in fields:
        value = row.get(field)
        if value is None or (isinstance(value, str) and not value.strip()):
            yield f"{where}, {field}: is missing."


def _wrong_texts(row: dict[str, Any], fields: tuple[str, ...], where: str) -> Iterator[str]:
    for field in fields:
        value = row.get(field)
        if value is not None and not isinstance(value, str):
            yield f"{where}, {field}: is {_kind(value)}; expected text."
        elif value and "\x00" in value:
            yield f"{where}, {field}: holds a NUL character, which cannot be stored."


def _doubles(what: str, ids: list[Any]) -> Iterator[str]:
    texts = [text for text in ids if isinstance(text, str)]
    for text in sorted(
        {text for text in texts if texts.count(text) > 1} if len(texts) != len(set(texts)) else ()
    ):
        yield f"{what} {text[:60]}: this id stands in the file {texts.count(text)} times."


def _name(row: Any, number: int) -> str:
    name = row.get("id") if isinstance(row, dict) else None
    return repr(name[:60])[1:-1] if isinstance(name, str) and name.strip() else f"number {number}"


def _are_texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


def _kind(value: Any) -> str:
    kinds = {
        bool: "true or false",
        dict: "an object",
        list: "a list",
        str: "a text",
        type(None): "null",
    }
    return kinds.get(type(value), "a number")
