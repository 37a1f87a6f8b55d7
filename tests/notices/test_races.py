"""Two services on one database, on both engines: everybody is told once."""

from functools import partial

import pytest

from conversations.models import Escalation
from notices.models import Notice
from tests import factories
from tests.conversations.test_races import together
from tests.notices.test_rounds import SARI, asks, minutes, rounds, told
from tests.postgres import postgres, real_database

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("races")]
__all__ = ["postgres", "real_database"]


@pytest.fixture
def studio(real_database, settings):
    settings.EMAIL_URL = "smtp://loopback"
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    contacts = [SARI, "owner@ombak.example"]
    return factories.studio("ombak", handover_contacts=contacts, default_language="en")


def test_several_services_tell_each_escalation_once(studio, mailoutbox):
    names = [f"Budi {number:02}" for number in range(5)]
    for number, name in enumerate(names):
        asks(studio, minutes(number), name, urgency=Escalation.Urgency.URGENT)
        together(*[partial(rounds, minutes(number))] * 4)
    said = "\n".join(told(SARI))
    assert [said.count(name) for name in names] == [1] * len(names)
    assert Notice.objects.filter(step=0, channel="whatsapp").count() == len(names)
    together(*[partial(rounds, minutes(5))] * 4)
    mailed = "\n".join(str(sent.body) for sent in mailoutbox)
    assert all(mailed.count(name) <= 1 for name in names)
    assert mailed.count(names[0]) == 1
