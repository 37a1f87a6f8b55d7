"""What a PDF holds: programs are found however they are written, and chance bytes are none."""

import random
import zlib

import pytest

from knowledge import pdfs


def pdf(inside: bytes = b"", stream: bytes | None = None, about: bytes = b"") -> bytes:
    body = b"<< /Type /Catalog " + inside + b" >>"
    if stream is not None:
        body += b"\nendobj\n2 0 obj\n<< " + about + b" >>\nstream\n" + stream + b"\nendstream"
    return b"%PDF-1.7\n1 0 obj\n" + body + b"\nendobj\ntrailer\n<< /Root 1 0 R >>\n%%EOF\n"


PACKED = b"/Type /ObjStm /N 1 /First 4 /Filter /FlateDecode"


@pytest.mark.parametrize("seed", range(3))
def test_names_in_the_bytes_of_a_picture_are_chance(seed: int) -> None:
    noise = random.Random(seed).randbytes(2**18) + b"/JS\n/JavaScript /Launch\n"
    assert not pdfs.is_active(pdf(stream=noise, about=b"/Subtype /Image /Filter /DCTDecode"))


@pytest.mark.parametrize(
    "harmless",
    [
        b"/OpenAction [3 0 R /Fit]",
        b"/Names /JSmith",
        b"/Title (Menu \\( stream\n\\))",
        b"/A << /S /URI /URI (https://ombak.example) >>",
    ],
)
def test_pages_with_links_are_pages(harmless: bytes) -> None:
    assert not pdfs.is_active(pdf(harmless, stream=b"/JS "))


@pytest.mark.parametrize(
    "written",
    [
        b"/S /JavaScript /JS (x)",
        b"/S/JS(x)",
        b"/S /J#61vaScript",
        b"/#4a#53 (x)",
        b"/OpenAction\n<< /S /GoTo >>",
        b"/OpenAction%\n\t<<",
        b"/Names << /EmbeddedFiles 4 0 R >>",
        b"/X (>>\nstream\n) /AA << /JS (x) >> /Y (endstream)",
        b"%>> stream\n /JS (x) % endstream endobj\n",
    ],
)
def test_a_program_is_found_however_it_is_written(written: bytes) -> None:
    assert pdfs.is_active(pdf(written))


def test_a_program_in_packed_objects_is_found() -> None:
    objects = b"7 0 << /S /JavaScript /JS (x) >>"
    assert pdfs.is_active(pdf(stream=zlib.compress(objects), about=PACKED))
    assert pdfs.is_active(pdf(stream=objects, about=b"/Type /ObjStm /N 1 /First 4"))
    assert pdfs.is_active(pdf(stream=zlib.compress(objects), about=PACKED.replace(b"S", b"#53")))
    assert pdfs.is_active(pdf(stream=zlib.compress(objects), about=PACKED + b"%0 obj\n"))
    assert not pdfs.is_active(pdf(stream=zlib.compress(b"7 0 << /Type /Page >>"), about=PACKED))


def test_objects_after_an_end_that_is_missing_are_looked_at() -> None:
    hidden = b"\nendobj\n3 0 obj\n<< /S /JavaScript >>\nendobj\n"
    assert pdfs.is_active(pdf(stream=hidden, about=b"/Length 0"))


@pytest.mark.parametrize(
    ("stream", "about"),
    [
        (b"no zlib", PACKED),
        (zlib.compress(bytes(pdfs.MOST_INFLATED + 1)), PACKED),
        (b"ab", PACKED.replace(b"Flate", b"LZW")),
    ],
)
def test_objects_that_cannot_be_looked_at_are_told(stream: bytes, about: bytes) -> None:
    with pytest.raises(pdfs.NotReadableError):
        pdfs.is_active(pdf(stream=stream, about=about))
