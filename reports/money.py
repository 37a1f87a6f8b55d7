"""What the model cost, in the studio's own currency."""

from django.conf import settings

from tenants.models import Tenant
from tenants.numbers import decimal

MILLION = 1_000_000
_SIGNS = {"IDR": "Rp", "USD": "US$"}
_WHOLE = frozenset({"IDR"})  # nobody counts sen


def currency_of(tenant: Tenant) -> str:
    """The studio's, or dollars where nobody told what it is worth (EXCHANGE_RATES)."""
    code = tenant.currency.upper()
    return code if code in settings.EXCHANGE_RATES else "USD"


def amount(micro: int, currency: str) -> float:
    value = micro / MILLION * settings.EXCHANGE_RATES.get(currency, 1.0)
    return round(value) if currency in _WHOLE else round(value, _digits(value))


def _digits(value: float) -> int:
    """Cents, and below one unit parts of a cent: an answer costs less than one."""
    return 2 if abs(value) >= 1 or not value else 4


def money(micro: int, currency: str) -> str:
    """“Rp 1.200.000”; “US$ 12.40” and “US$ 0.0029”, in Indonesian with commas."""
    value = amount(micro, currency)
    sign = _SIGNS.get(currency, currency)
    if currency in _WHOLE:
        return f"{sign} {value:,.0f}".replace(",", ".")
    return f"{sign} {decimal(value, _digits(value))}"
