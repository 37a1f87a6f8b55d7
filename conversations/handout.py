"""Handing a customer's file to staff: with a type that no browser mistakes, and nothing that could run."""

import re
from pathlib import Path

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse

from conversations import media
from conversations.models import MediaFile

_RANGE = re.compile(r"bytes=(\d{1,12})-(\d{0,12})")


def handed_out(request: HttpRequest, file: MediaFile) -> HttpResponse:
    """The file as a response; a part of it, when the browser asks for one (players of sound do)."""
    path: Path = settings.MEDIA_ROOT / file.path
    try:
        data = path.read_bytes()  # 16 MB at most
    except OSError as error:
        raise Http404 from error
    part = _RANGE.fullmatch(request.headers.get("Range", ""))
    response = _part(data, part) if part else HttpResponse(data)
    for name, value in _headers(file).items():
        response[name] = value
    return response


def _headers(file: MediaFile) -> dict[str, str]:
    shown = "inline" if file.is_picture or file.is_sound else "attachment"
    return {
        "Content-Type": file.content_type,
        "Content-Disposition": f'{shown}; filename="{_plain(media.saved_as(file))}"',
        "Content-Security-Policy": "default-src 'none'; sandbox",
        "X-Content-Type-Options": "nosniff",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Cache-Control": "private, max-age=3600",
        "Accept-Ranges": "bytes",
    }


def _part(data: bytes, part: re.Match[str]) -> HttpResponse:
    first, last = int(part[1]), min(int(part[2] or len(data)), len(data) - 1)
    if first > last:
        return HttpResponse(status=416, headers={"Content-Range": f"bytes */{len(data)}"})
    response = HttpResponse(data[first : last + 1], status=206)
    response["Content-Range"] = f"bytes {first}-{last}/{len(data)}"
    return response


def _plain(name: str) -> str:
    """A name that every header can hold."""
    return name.encode("ascii", "replace").decode().replace("?", "_").replace('"', "_")
