"""A PDF becomes drafts, cut at its headings; a scanned one is refused with a reason."""

import datetime as dt

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from knowledge import importing, linewriting, pdftext
from tenants.models import Tenant
from tests import factories

PAGE = """Kelas Yin Yoga
Setiap Selasa jam 18.00, 75 menit.
Bawa botol minum.

HARGA KELAS
Sekali datang Rp 150.000.
Paket 10 kelas Rp 1.200.000.
"""


def pdf(*pages: str) -> bytes:
    """The smallest PDF that shows these lines, without a library that writes them."""
    objects = ["<< /Type /Catalog /Pages 2 0 R >>", ""]
    kids = []
    for page in pages:
        shown = "".join(f"({line}) Tj T*\n" for line in page.splitlines())
        text = f"BT /F1 12 Tf 14 TL 50 800 Td\n{shown}ET"
        objects.append(f"<< /Length {len(text)} >>\nstream\n{text}\nendstream")
        kids.append(len(objects) + 1)
        objects.append(
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents {len(objects)} 0 R"
            " /Resources << /Font << /F1 << /Type /Font /Subtype /Type1 /BaseFont /Helvetica >> >> >> >>"
        )
    named = " ".join(f"{kid} 0 R" for kid in kids)
    objects[1] = f"<< /Type /Pages /Kids [{named}] /Count {len(kids)} >>"
    made, places = b"%PDF-1.4\n", []
    for number, body in enumerate(objects, 1):
        places.append(len(made))
        made += f"{number} 0 obj\n{body}\nendobj\n".encode("latin-1")
    table = "".join(f"{place:010} 00000 n \n" for place in places)
    end = f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n{table}"
    end += f"trailer\n<< /Size {len(objects) + 1} /Root 1 0 R >>\nstartxref\n{len(made)}\n%%EOF\n"
    return made + end.encode()


def test_the_text_is_cut_at_its_headings() -> None:
    table = pdftext.read(pdf(PAGE, "Lokasi kami ada di Jalan Raya Lima, lantai dua.\n2\n"))
    assert [cells[0] for _number, cells in table.lines] == [
        "Kelas Yin Yoga",
        "HARGA KELAS",
        "Page 2",
    ]
    assert "75 menit" in table.lines[0][1][1]
    assert "Rp 1.200.000" in table.lines[1][1][1]
    assert table.lines[2][1][1] == "Lokasi kami ada di Jalan Raya Lima, lantai dua."


def test_what_comes_from_a_pdf_is_a_draft_and_changes_no_entry(ombak: Tenant) -> None:
    ours = factories.entry(ombak, "HARGA KELAS", content="Rp 1", category="classes")
    at = timezone.now()
    made = pdf(PAGE)
    upload = importing.begin(ombak, by=None, name="x.pdf", data=made, language="en", at=at)
    importing.choose(upload, upload.mapping, category="classes")
    importing.confirm(upload, only_good=False, at=at)
    while linewriting.write_next(at + dt.timedelta(seconds=1)):
        pass
    ours.refresh_from_db()
    assert ours.content == "Rp 1"
    assert set(ombak.entries.exclude(pk=ours.pk).values_list("status", flat=True)) == {"draft"}
    assert ombak.entries.count() == 3


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (pdf("", ""), "pictures of pages and no text"),
        (b"%PDF-1.4 and nothing more", "damaged"),
        (pdf(PAGE)[:300], "damaged|no text"),
        (pdf(PAGE).replace(b"/Type /Catalog", b"/JS (x) /Type /Catalog"), "program"),
    ],
)
def test_a_pdf_that_gives_nothing_is_refused_with_a_reason(data: bytes, told: str) -> None:
    with pytest.raises(ValidationError, match=told):
        pdftext.read(data)


def test_a_pdf_of_too_many_pages_is_refused() -> None:
    with pytest.raises(ValidationError, match="more than 100 pages"):
        pdftext.read(pdf(*[PAGE] * 101))
