import datetime as dt
import xml.etree.ElementTree as ET

import pytest
from django.core.exceptions import ValidationError

from tenants.models import Tenant
from whatsapp import pairing
from whatsapp.models import WhatsAppAccount

CODE = "https://wa.me/settings/linked_devices#2@abc,def,ghi,jkl,1"


def test_asking_for_a_code_is_a_wish_in_the_row(ombak: Tenant, now: dt.datetime):
    WhatsAppAccount.objects.create(tenant=ombak, wanted=False, pair_phone="+62812")
    pairing.request_qr(ombak, now)
    account = WhatsAppAccount.objects.get(tenant=ombak)
    assert (account.wanted, account.pair_requested_at, account.pair_phone) == (True, now, "")


def test_a_code_to_type_needs_a_phone_number(ombak: Tenant, now: dt.datetime):
    assert pairing.request_code(ombak, "0812 3456 7890", now).pair_phone == "+6281234567890"
    with pytest.raises(ValidationError):
        pairing.request_code(ombak, "call me", now)


def test_unlinking_ends_the_wish_for_codes(ombak: Tenant, now: dt.datetime):
    pairing.request_qr(ombak, now)
    account = pairing.unlink(ombak, now)
    assert (account.logout_requested_at, account.pair_requested_at) == (now, None)


def test_a_wish_does_not_overwrite_what_the_line_wrote(ombak: Tenant, now: dt.datetime):
    account = pairing.account_of(ombak)
    WhatsAppAccount.objects.filter(pk=account.pk).update(state="connected", phone="+62812")
    pairing.request_qr(ombak, now)
    account.refresh_from_db()
    assert (account.state, account.phone) == ("connected", "+62812")


def test_only_a_fresh_code_is_shown(ombak: Tenant, now: dt.datetime):
    account = WhatsAppAccount(tenant=ombak, state="qr_ready", qr=CODE)
    assert pairing.current_qr(account, now) is None
    account.qr_expires_at = now + dt.timedelta(seconds=1)
    assert pairing.current_qr(account, now) == CODE
    account.state = WhatsAppAccount.State.CONNECTED
    assert pairing.current_qr(account, now) is None
    assert pairing.current_qr(None, now) is None


def test_the_code_is_a_picture_that_hides_the_text():
    svg = pairing.qr_svg(CODE)
    root = ET.fromstring(svg)  # noqa: S314  our own picture
    assert root.attrib["viewBox"].startswith("0 0 ")
    assert "linked_devices" not in svg
    assert pairing.qr_png_data_url(CODE).startswith("data:image/png;base64,iVBOR")
