#!/usr/bin/env python3
"""Django's command line for MILA."""

import os
import sys


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    try:
        from django.core.exceptions import ImproperlyConfigured
        from django.core.management import execute_from_command_line
        from django.db import OperationalError
    except ImportError as error:
        message = "Django is not installed here. Run `make install`, then use `.venv/bin/python manage.py`."
        raise SystemExit(message) from error
    try:
        execute_from_command_line(sys.argv)
    except ImproperlyConfigured as error:
        raise SystemExit(str(error)) from error
    except OperationalError as error:
        if "--traceback" in sys.argv:
            raise
        where = (
            "Check DATABASE_URL and DATA_DIR; a new database is prepared by `manage.py migrate`."
        )
        raise SystemExit(f"The database cannot be used: {str(error).strip()}\n{where}") from error


if __name__ == "__main__":
    main()
