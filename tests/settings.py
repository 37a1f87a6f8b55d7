"""Settings of the tests: nothing of the developer's own environment, nothing outside a temporary folder."""

import os
import sys
import tempfile

_KEEP = tempfile.TemporaryDirectory(prefix="mila-tests-")
for _name in list(os.environ):
    if _name.startswith(
        ("ANTHROPIC_", "OPENAI_", "QDRANT_", "AGENT_", "ADMIN_", "WHATSAPP_", "EMAIL_", "PUBLIC_")
    ):
        del os.environ[_name]
# Compiled once for all: else each process of a run compiles the whole house and its tests anew, for seconds.
sys.dont_write_bytecode = False
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
os.environ["ENV_FILE"] = os.devnull
os.environ["DATA_DIR"] = _KEEP.name
# No test speaks TLS: each client that a library makes would read all authorities of the system first, 30 ms a time.
os.environ.pop("SSL_CERT_FILE", None)
os.environ["SSL_CERT_DIR"] = _KEEP.name
os.environ["SECRET_KEY"] = "only-for-tests"
os.environ.setdefault("DATABASE_URL", "sqlite::memory:")

from config.settings import *  # noqa: E402, F403

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
# Each test client starts the middlewares anew; with this they look for a static file when it is asked for, not for all.
WHITENOISE_AUTOREFRESH = True
