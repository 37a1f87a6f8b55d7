"""The fixed cast of every test: two studios, two staff; isolation is tested by default."""

import datetime as dt
import gc

import pytest
from django.contrib.auth.models import User
from django.utils import translation

from tenants.models import Tenant
from tests import factories

gc.set_threshold(100_000, 50, 50)  # looking for cycles took a fifth of the time of all tests


@pytest.fixture(autouse=True)
def english() -> None:
    """The language of a page stays on a thread until the next one: every test begins with the same."""
    translation.activate("en")


@pytest.fixture
def now() -> dt.datetime:
    return factories.NOW


@pytest.fixture
def ombak(db: None) -> Tenant:
    return factories.studio("ombak")


@pytest.fixture
def senja(db: None) -> Tenant:
    return factories.studio("senja")


@pytest.fixture
def sari(ombak: Tenant) -> User:
    """Owner of Ombak."""
    return factories.staff("sari", ombak)


@pytest.fixture
def bayu(senja: Tenant) -> User:
    """Owner of Senja."""
    return factories.staff("bayu", senja)
