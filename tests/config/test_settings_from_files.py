"""Settings from the environment and from files, as Docker and Kubernetes hand secrets over."""

from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from config.settings import env


def test_the_line_end_of_a_secret_file_is_no_part_of_the_secret(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "key").write_text("sk-secret\n")
    monkeypatch.setenv("MILA_TEST_KEY_FILE", str(tmp_path / "key"))
    monkeypatch.setenv("MILA_TEST_KEY", "from the environment")
    assert env.str("MILA_TEST_KEY") == "sk-secret"
    assert env.list("MILA_TEST_KEY") == ["sk-secret"]


def test_a_value_that_is_no_number_is_told_with_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MILA_TEST_PORT", "abc")
    with pytest.raises(ImproperlyConfigured, match="The setting MILA_TEST_PORT cannot be used"):
        env.int("MILA_TEST_PORT")


def test_a_secret_file_that_is_missing_is_told_with_its_name(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("MILA_TEST_LOST_FILE", "/no/such/file")
    with pytest.raises(ImproperlyConfigured, match=r"MILA_TEST_LOST cannot be used: .*/no/such"):
        env.str("MILA_TEST_LOST")
