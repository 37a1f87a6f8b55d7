"""Secrets from files, as Docker and Kubernetes hand them over."""

from pathlib import Path

import pytest

from config.settings import env


def test_the_line_end_of_a_secret_file_is_no_part_of_the_secret(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "key").write_text("sk-secret\n")
    monkeypatch.setenv("MILA_TEST_KEY_FILE", str(tmp_path / "key"))
    monkeypatch.setenv("MILA_TEST_KEY", "from the environment")
    assert env.str("MILA_TEST_KEY") == "sk-secret"
    assert env.list("MILA_TEST_KEY") == ["sk-secret"]
