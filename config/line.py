"""The settings of a line: MILA's, without what only pages need. There is a process for every number.

A line knows no page's address: what staff are told with a link is written elsewhere.
"""

from config.settings import *  # noqa: F403

# Every app with rows stays: who deletes a row must know all that hang on it.
INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "tenants",
    "knowledge",
    "conversations",
    "agent",
    "whatsapp",
]
