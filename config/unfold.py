"""What the admin theme needs to know: names, menu, styles. Kept out of settings.py for its length."""

from typing import Any

UNFOLD: dict[str, Any] = {
    "SITE_TITLE": "MILA",
    "SITE_HEADER": "MILA",
    "SHOW_VIEW_ON_SITE": False,
    "SHOW_LANGUAGES": True,
}
