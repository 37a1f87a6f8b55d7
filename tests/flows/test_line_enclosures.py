"""A customer asks for prices and gets the text and the price list, on the wire, once."""

import pytest

from tests.flows.conftest import Service, manage
from tests.whatsapp_server.client import Customer

pytestmark = pytest.mark.e2e
STUDIO = "6281200001101"
ATTACH = """
from knowledge.attachments import attach
from knowledge.models import KnowledgeEntry
entry = KnowledgeEntry.objects.get(external_id="ombak-buy-packages")
attach(entry, %r, "Daftar harga.pdf")
"""
ASKED = "brp hrg 1x dtg?"
PDF = b"%PDF-1.4\n1 0 obj\n<< /Type /Catalog >>\nendobj\ntrailer\n<< /Root 1 0 R >>\n%%EOF\n"


def test_the_price_list_follows_the_price_once(service: Service, anna: Customer):
    studio = service.pair(STUDIO)
    manage(service.folder, "shell", "--no-imports", "-c", ATTACH % PDF)
    anna.send(studio, ASKED)
    first, file = anna.expect(2, 30)
    assert "150.000" in first["text"]
    assert file["kind"] == "document"
    assert anna.file(1) == PDF
    anna.send(studio, ASKED)
    received = anna.expect(3, 30)
    assert [each["kind"] for each in received] == ["text", "document", "text"]
    sent = "SELECT count(*) FROM conversations_message WHERE kind = 'document'"
    assert service.value(sent) == 1
