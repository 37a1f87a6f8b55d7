"""The numbers beside the menu's items, kept fresh while a page is open."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from config.menu import menu
from tenants.pages import staff_page


@staff_page(None)
def badges(request: HttpRequest) -> HttpResponse:
    """All numbers of this person's menu; 204 when the page shows just these."""
    groups = menu(request)
    if request.GET.get("seen") == _shown(groups):
        return HttpResponse(status=204)
    return render(request, "admin/badges.html", {"menu": groups, "fresh": True})


def _shown(groups: list[dict[str, Any]]) -> str:
    """The numbers in the menu's order, as admin/badges.html writes them."""
    counted = [item for group in groups for item in group["items"] if item["counts"]]
    return "".join(f"{item.get('badge', 0)}." for item in counted)
