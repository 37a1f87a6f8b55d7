"""Health of a container: `web` answers /healthz; `whatsapp` wrote a heartbeat in the last minute."""

import datetime as dt
import http.client
import os
import sys

LATE = dt.timedelta(minutes=1)


def web() -> bool:
    port = int(os.environ.get("PORT", "8000"))
    asked = http.client.HTTPConnection("127.0.0.1", port, timeout=4)
    asked.request("GET", "/healthz", headers={"Host": "localhost"})
    return asked.getresponse().status == 200


def whatsapp() -> bool:
    """Every active studio has an account, and the service writes a heartbeat for each."""
    sys.path.insert(0, ".")
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    import django

    django.setup()
    from django.utils import timezone

    from tenants.models import Tenant
    from whatsapp.models import WhatsAppAccount

    fresh = WhatsAppAccount.objects.filter(heartbeat_at__gte=timezone.now() - LATE)
    return fresh.exists() or not Tenant.objects.active().exists()


if __name__ == "__main__":
    try:
        sys.exit(0 if {"web": web, "whatsapp": whatsapp}[sys.argv[1]]() else 1)
    except OSError as error:
        sys.exit(f"{sys.argv[1]}: {error}")
