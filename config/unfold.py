"""What the admin theme needs to know: names, colours, styles. The menu is made per person in config/menu.py."""

from typing import Any

from django.http import HttpRequest
from django.templatetags.static import static
from django.urls import reverse_lazy
from django.utils.translation import gettext_lazy


def _file(name: str) -> Any:
    """A file of ours; looked up when a page is made, as hashed names are known only then."""

    def address(request: HttpRequest) -> str:
        return static(f"mila/{name}")

    return address


UNFOLD: dict[str, Any] = {
    "SITE_TITLE": "MILA",
    "SITE_HEADER": "MILA",
    "SITE_SYMBOL": "self_improvement",
    "SITE_URL": None,
    "SHOW_VIEW_ON_SITE": False,
    "SHOW_LANGUAGES": True,
    "SHOW_HISTORY": False,
    "SITE_FAVICONS": [{"rel": "icon", "type": "image/svg+xml", "href": _file("icon.svg")}],
    "STYLES": [_file("mila.css")],
    "SCRIPTS": [_file("live.js"), _file("mila.js"), _file("notices.js")],
    "ACCOUNT": {
        "navigation": [
            {"title": gettext_lazy("My account"), "link": reverse_lazy("account")},
            {"title": gettext_lazy("My notices"), "link": reverse_lazy("my-notices")},
        ]
    },
    "BORDER_RADIUS": "8px",
    # A calm green whose 600 carries white text (contrast 5.5).
    "COLORS": {
        "primary": {
            "50": "#f0fdfa",
            "100": "#ccfbf1",
            "200": "#99f6e4",
            "300": "#5eead4",
            "400": "#2dd4bf",
            "500": "#14b8a6",
            "600": "#0f766e",
            "700": "#115e59",
            "800": "#134e4a",
            "900": "#0c3f3c",
            "950": "#042f2e",
        }
    },
}
