"""How gunicorn serves MILA's pages: `python -m gunicorn -c config/gunicorn.py config.wsgi`."""

import os
import threading
import time
import warnings
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

from django.conf import settings
from django.urls import get_resolver

from tenants import lifeline

warnings.filterwarnings("ignore", "No directory at")  # a checkout has no collected static files

bind = f"{settings.HOST}:{settings.PORT}"
worker_class = "gthread"
workers = settings.WEB_WORKERS
threads = settings.WEB_THREADS
preload_app = True  # loaded once, shared by the workers
timeout = 60
graceful_timeout = 8
# Longer than any page waits between two questions, else a browser asks on a connection that is just being closed.
# It holds no thread meanwhile: gthread only keeps the socket.
keepalive = 75
loglevel = "warning"
control_socket_disable = True
forwarded_allow_ips = settings.FORWARDED_ALLOW_IPS


def on_starting(server: Any) -> None:
    lifeline.exit_with_parent()


def when_ready(server: Any) -> None:
    """Load all pages before the first worker is forked, so that the first visitor does not wait for it."""
    _ = get_resolver().url_patterns


def post_fork(server: Any, worker: Any) -> None:
    """A worker whose master was killed would keep the port for as long as a browser holds a connection."""
    threading.Thread(target=_end_with_master, args=(os.getppid(),), daemon=True).start()


def _end_with_master(master: int) -> None:
    while os.getppid() == master:
        time.sleep(0.25)
    time.sleep(1)  # for the requests that are being answered
    os._exit(0)
