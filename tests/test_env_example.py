"""`.env.example` and config/settings.py name the same variables with the same defaults."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
READ = re.compile(r'\benv\.(\w+)\(\s*"(\w+)"(?:,\s*default=([^)\n]*))?')
WRITTEN = re.compile(r"^([A-Z][A-Z0-9_]*)=(.*)$", re.MULTILINE)


def variables() -> dict[str, tuple[str, str]]:
    """Name → (kind, default as written in Python)."""
    source = (ROOT / "config" / "settings.py").read_text()
    return {name: (kind, default) for kind, name, default in READ.findall(source)}


def example() -> dict[str, str]:
    return dict(WRITTEN.findall((ROOT / ".env.example").read_text()))


def spelled(kind: str, default: str) -> str:
    """A Python default as it is written in .env."""
    if kind == "bool":
        return "on" if default == "True" else "off"
    if kind == "list":
        return ",".join(re.findall(r'"([^"]*)"', default))
    return default.strip('"')


def test_every_variable_that_mila_reads_is_in_the_example() -> None:
    assert variables().keys() - example().keys() == set()


def test_every_variable_of_the_example_is_read() -> None:
    assert example().keys() - variables().keys() == set()


@pytest.mark.parametrize("name", sorted(variables()))
def test_the_example_shows_the_default(name: str) -> None:
    assert example()[name] == spelled(*variables()[name])


def test_every_variable_of_the_example_has_its_meaning_above_it() -> None:
    groups = re.split(r"\n(?=#)", (ROOT / ".env.example").read_text())
    bare = [
        name for group in groups for name in WRITTEN.findall(group) if not group.startswith("#")
    ]
    assert bare == []


def test_the_settings_are_found_at_all() -> None:
    assert len(variables()) > 25
