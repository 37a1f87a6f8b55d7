"""All settings of MILA. Every name comes from the environment as NAME or NAME_FILE, or from `.env`.

`.env.example` lists each variable with its meaning and default; a test keeps the two in step.
"""

import importlib.util
import os
import secrets
from pathlib import Path
from urllib.parse import unquote

import environ
from cryptography.fernet import Fernet
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _
from environ.fileaware_mapping import FileAwareMapping

from config.keys import kept
from config.logs import LEVELS, logging_config
from config.unfold import UNFOLD as UNFOLD

BASE_DIR = Path(__file__).resolve().parent.parent


class SecretFiles(FileAwareMapping):  # type: ignore[misc]
    """NAME_FILE as people write such files: with a line end that is not part of the secret."""

    def __getitem__(self, key: str) -> str:
        return str(super().__getitem__(key)).strip()


class Environment(environ.FileAwareEnv):  # type: ignore[misc]
    """The environment; a value that cannot be used is told with its name."""

    ENVIRON = SecretFiles()

    def get_value(self, var: str, *args: object, **options: object) -> object:
        try:
            return super().get_value(var, *args, **options)
        except (ValueError, OSError) as error:
            raise ImproperlyConfigured(
                f"The setting {var} cannot be used: {error}. See .env.example."
            ) from error


env = Environment()
environ.Env.read_env(os.environ.get("ENV_FILE", BASE_DIR / ".env"))


def project_path(name: str) -> Path:
    """A path from a setting; a relative one starts at the project, wherever the command was typed."""
    return (BASE_DIR / Path(name).expanduser()).resolve()


def database(url: str, threads: int = 32) -> dict[str, object]:
    """Django's database dict of DATABASE_URL: `sqlite:./file`, `sqlite:////abs/file` or `postgres://…`.

    `threads` of a process may answer at once; none of them ever waits for a connection of the pool.
    """
    if url.startswith("sqlite:"):
        name = unquote(url.removeprefix("sqlite:"))
        name = name.removeprefix("//").removeprefix("/") if name.startswith("//") else name
        sqlite: dict[str, object] = {"ENGINE": "tenants.sqlite", "CONN_MAX_AGE": None}
        sqlite["TEST"] = {
            "NAME": ":memory:"
        }  # what test runners take for Django's own engine by its name
        # Django's fields read the values. That Python looks at the declared type of every column, at every statement,
        # costs a tenth of an answer.
        types = {"detect_types": 0}
        if name == ":memory:":
            return {**sqlite, "NAME": name, "OPTIONS": types}
        path = project_path(name)
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        # WAL, IMMEDIATE and the timeout only help together; WAL alone made "database is locked" worse.
        # No larger cache than SQLite's own 2 MB, as every thread has one. No mapping of the file into memory: each
        # change of one connection makes all others give theirs back, four times for every message. And what a statement
        # might have to undo is kept in memory, else every second message makes and removes a file. The log goes
        # into the file every 16 MB instead of every 4, which was at each tenth message.
        options = types | {
            "transaction_mode": "IMMEDIATE",
            "timeout": 20,
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; "
            "PRAGMA temp_store=MEMORY; PRAGMA wal_autocheckpoint=4000; "
            "PRAGMA journal_size_limit=67108864;",
        }
        return {**sqlite, "NAME": str(path), "OPTIONS": options}
    known = environ.Env.db_url_config(url)
    if not url.startswith("postgres"):
        return {**known, "CONN_MAX_AGE": None, "CONN_HEALTH_CHECKS": True}
    # A host that was frozen in a transaction must not keep its rows from the one that takes over.
    frozen = {"options": "-c idle_in_transaction_session_timeout=15s"}
    # There is a process for every number, and each has a dozen threads that ask now and then. A database that was
    # away is tried anew at each asking: the pool's own waits would grow to a minute.
    pool = {
        "min_size": 1,
        "max_size": threads + 16,
        "timeout": 5,
        "max_idle": 60,
        "reconnect_timeout": 2,
    }
    options = frozen | {"pool": pool} | known.get("OPTIONS", {})
    return {**known, "CONN_MAX_AGE": 0, "CONN_HEALTH_CHECKS": True, "OPTIONS": options}


def rates(pairs: list[str]) -> dict[str, float]:
    """What one US dollar costs in each currency, from pairs such as IDR:16500."""
    try:
        known = {
            name.strip().upper(): float(rate)
            for name, _colon, rate in (p.partition(":") for p in pairs)
        }
    except ValueError:
        known = {"": 0.0}
    if min(known.values(), default=1.0) <= 0:
        raise ImproperlyConfigured(
            "EXCHANGE_RATES cannot be used: write it like USD:1,IDR:16500, what one US dollar costs."
        )
    return known


def mail_server(url: str) -> dict[str, object]:
    """Django's EMAIL_… settings of EMAIL_URL: `smtp://user:password@host:25`, `smtp+tls://…:587` or `smtp+ssl://…:465`."""
    if not url:
        return {"EMAIL_BACKEND": "django.core.mail.backends.dummy.EmailBackend"}
    known = environ.Env.email_url_config(url) if url.startswith("smtp") else {}
    if not known.get("EMAIL_HOST"):
        raise ImproperlyConfigured(
            "EMAIL_URL cannot be used: write it like smtp+tls://user:password@mail.example.com:587"
        )
    return {name: value for name, value in known.items() if name != "EMAIL_FILE_PATH"}


# Processes and their threads -------------------------------------------------------------------
HOST = env.str("HOST", default="127.0.0.1")
PORT = env.int("PORT", default=8000)
WEB_WORKERS = env.int("WEB_WORKERS", default=2)
WEB_THREADS = env.int("WEB_THREADS", default=4)
FORWARDED_ALLOW_IPS = env.str("FORWARDED_ALLOW_IPS", default="127.0.0.1,::1")
AGENT_THREADS = env.int("AGENT_THREADS", default=32)

# Where things are kept -------------------------------------------------------------------------
DATA_DIR = project_path(env.str("DATA_DIR", default="data") or "data")
DATA_DIR.mkdir(mode=0o700, parents=True, exist_ok=True)
WHATSAPP_SESSION_PATH = project_path(
    env.str("WHATSAPP_SESSION_PATH", default="") or str(DATA_DIR / "whatsapp")
)
MEDIA_ROOT = project_path(env.str("MEDIA_PATH", default="") or str(DATA_DIR / "media"))
DATABASES = {
    "default": database(
        env.str("DATABASE_URL", default="") or f"sqlite:///{DATA_DIR / 'mila.sqlite3'}",
        max(AGENT_THREADS, WEB_THREADS),
    )
}

# Secrets and access ----------------------------------------------------------------------------
DEBUG = env.bool("DEBUG", default=False)
SECRET_KEY = env.str("SECRET_KEY", default="") or kept(
    DATA_DIR / "secret_key", lambda: secrets.token_urlsafe(64)
)
ENCRYPTION_KEYS = env.list("ENCRYPTION_KEYS", default=[]) or [
    kept(DATA_DIR / "encryption_key", lambda: Fernet.generate_key().decode())
]
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]"])
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])
HTTPS = env.bool("HTTPS", default=False)
SECOND_FACTOR = env.str("SECOND_FACTOR", default="off")
ADMIN_USER = env.str("ADMIN_USER", default="admin")
ADMIN_PASS = env.str("ADMIN_PASS", default="")

# Notices to staff -------------------------------------------------------------------------------
PUBLIC_URL = env.str("PUBLIC_URL", default="").rstrip("/")
EMAIL_URL = env.str("EMAIL_URL", default="")
EMAIL_FROM = env.str("EMAIL_FROM", default="")
EMAIL_TIMEOUT = 10  # seconds
DEFAULT_FROM_EMAIL = SERVER_EMAIL = EMAIL_FROM or "MILA <mila@localhost>"
vars().update(mail_server(EMAIL_URL))

# The assistant ---------------------------------------------------------------------------------
ANTHROPIC_API_KEY = env.str("ANTHROPIC_API_KEY", default="")
ANTHROPIC_BASE_URL = env.str("ANTHROPIC_BASE_URL", default="")
AGENT_MODEL = env.str("AGENT_MODEL", default="claude-haiku-4-5")
AGENT_FALLBACK_MODEL = env.str("AGENT_FALLBACK_MODEL", default="claude-haiku-5-5")
AGENT_CONTEXT = env.str("AGENT_CONTEXT", default="auto")
AGENT_TURN_DEADLINE = env.float("AGENT_TURN_DEADLINE", default=25.0)
AGENT_BUDGET_DAY = env.float("AGENT_BUDGET_DAY", default=0.0)
AGENT_BUDGET_MONTH = env.float("AGENT_BUDGET_MONTH", default=0.0)
AGENT_BUDGET_CUSTOMER_DAY = env.float("AGENT_BUDGET_CUSTOMER_DAY", default=0.0)
EXCHANGE_RATES = rates(
    env.list(
        "EXCHANGE_RATES",
        default=["USD:1", "IDR:16500", "EUR:0.9", "SGD:1.35", "MYR:4.5", "THB:34", "AUD:1.55"],
    )
)
AGENT_QUIET_SECONDS = env.float("AGENT_QUIET_SECONDS", default=1.5)
HELP_NUMBERS = env.json("HELP_NUMBERS", default={})
EVALUATION_BARS = env.list("EVALUATION_BARS", default=[])
OPENAI_API_KEY = env.str("OPENAI_API_KEY", default="")
OPENAI_BASE_URL = env.str("OPENAI_BASE_URL", default="")
EMBEDDING_MODEL = env.str("EMBEDDING_MODEL", default="text-embedding-3-small")
TRANSCRIPTION_MODEL = env.str("TRANSCRIPTION_MODEL", default="")
TRANSCRIPTION_BASE_URL = env.str("TRANSCRIPTION_BASE_URL", default="")
TRANSCRIPTION_API_KEY = env.str("TRANSCRIPTION_API_KEY", default="")
TRANSCRIPTION_PRICE = env.float("TRANSCRIPTION_PRICE", default=0.006)
ATTACHMENT_MAX_MB = env.int("ATTACHMENT_MAX_MB", default=5)
QDRANT_URL = env.str("QDRANT_URL", default="")
QDRANT_API_KEY = env.str("QDRANT_API_KEY", default="")

# WhatsApp --------------------------------------------------------------------------------------
WHATSAPP_SESSION = "whatsapp.session.NeonizeSession"  # the door; tests put a recording one here
WHATSAPP_LINE_SETTINGS = "config.line"  # with less in it, as there is a line for every number
WHATSAPP_DEVICE_NAME = env.str("WHATSAPP_DEVICE_NAME", default="MILA")
PHONE_REGION = env.str("PHONE_REGION", default="ID")

# Django ----------------------------------------------------------------------------------------
INSTALLED_APPS = [
    "unfold.apps.BasicAppConfig",
    "config.adminapp.MilaAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "config",
    "tenants",
    "knowledge",
    "conversations",
    "agent",
    "notices",
    "whatsapp",
    "reports",
]
MIDDLEWARE = [
    "config.middleware.no_larger_than_a_file",
    "django.middleware.security.SecurityMiddleware",
    "config.middleware.smaller_files",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "config.middleware.content_security_policy",
    "config.api.in_json",
    "config.middleware.fragments_of_ended_sessions",
    "tenants.middleware.current_studio",
]
# The API's docs page brings its own scripts. As an installed app, ninja would be imported by every command.
NINJA = Path(str(importlib.util.find_spec("ninja").origin)).parent  # type: ignore[union-attr]
ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates", NINJA / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTHENTICATION_BACKENDS = ["tenants.attempts.CountedLogin"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 10},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "admin:login"
LOGIN_REDIRECT_URL = "admin:index"

LANGUAGE_CODE = "en"
LANGUAGES = [("en", _("English")), ("id", _("Indonesian"))]
LOCALE_PATHS = [BASE_DIR / "locale"]
FORMAT_MODULE_PATH = ["config.formats"]
TIME_ZONE = "UTC"
USE_TZ = True

STATIC_URL = "static/"
STATICFILES_DIRS = [BASE_DIR / "static", NINJA / "static"]
STATIC_ROOT = BASE_DIR / "staticfiles"
# The image runs collectstatic: hashed and compressed. A checkout does not, and serves the same files as they are.
COLLECTED = (STATIC_ROOT / "staticfiles.json").exists()
WHITENOISE_USE_FINDERS = not COLLECTED
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"
        if COLLECTED
        else "django.contrib.staticfiles.storage.StaticFilesStorage"
    },
}

# Security --------------------------------------------------------------------------------------
SESSION_COOKIE_AGE = 12 * 3600
LANGUAGE_COOKIE_AGE = 365 * 24 * 3600
PASSWORD_RESET_TIMEOUT = 72 * 3600
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE_SSL_REDIRECT = HTTPS
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = HTTPS
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if HTTPS else None
SECURE_REDIRECT_EXEMPT = [r"^healthz$"]
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
DATA_UPLOAD_MAX_MEMORY_SIZE = 5 * 1024 * 1024  # of a body without its files
# The largest file, of a chat (16 MB) or of an entry, and the fields beside it. The proxy refuses the same earlier.
LARGEST_BODY = (max(16, ATTACHMENT_MAX_MB) + 4) * 2**20

# Logs ------------------------------------------------------------------------------------------
LOG_LEVEL = env.str("LOG_LEVEL", default="INFO").upper()
if LOG_LEVEL not in LEVELS:
    raise ImproperlyConfigured(f"LOG_LEVEL is {LOG_LEVEL}, but must be one of {', '.join(LEVELS)}.")
LOGGING = logging_config(LOG_LEVEL)
