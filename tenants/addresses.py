"""Links that a person sends to another: with the address under which the other one opens MILA, as far as we know it."""

import ipaddress
from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest


def link_for_others(request: HttpRequest, path: str) -> str:
    """With PUBLIC_URL, or else the address that the person who asks has in the browser."""
    if settings.PUBLIC_URL:
        return f"{settings.PUBLIC_URL}{path}"
    return request.build_absolute_uri(path)


def opens_only_here(link: str) -> bool:
    """Whether no other computer or phone can open the link."""
    host = urlsplit(link).hostname or ""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    return address.is_loopback or address.is_unspecified
