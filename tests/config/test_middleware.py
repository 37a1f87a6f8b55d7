"""What every response goes through."""

import gzip

from django.test import Client


def test_scripts_and_styles_travel_compressed(client: Client) -> None:
    plain = b"".join(client.get("/static/mila/mila.css"))
    answer = client.get("/static/mila/mila.css", headers={"Accept-Encoding": "gzip"})
    assert answer.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(b"".join(answer)) == plain


def test_pages_are_not_compressed_because_they_hold_secrets(client: Client, db: None) -> None:
    answer = client.get("/admin/login/", headers={"Accept-Encoding": "gzip"})
    assert "Content-Encoding" not in answer.headers


def test_the_icon_that_browsers_guess_leads_to_ours(client: Client) -> None:
    assert client.get("/favicon.ico").headers["Location"].endswith("/mila/icon.svg")
