"""Django's own backend for SQLite, with what it does anew for every statement and every value done once.

Measured on one customer's message, which is about twenty statements: finding the placeholders in their words cost more
than running them (3 % of all processor time), and each time that is read or written asked the settings three times.
"""

import datetime as dt
from functools import lru_cache
from typing import Any

from django.db.backends.sqlite3 import base, operations

STATEMENTS = (
    1000  # of one process; what is longer than WORTH_KEEPING is a list of values, never asked again
)
WORTH_KEEPING = 8000  # characters


class Cursor(base.SQLiteCursorWrapper):
    """Remembers how a statement is written for SQLite: with ? for each %s."""

    def convert_query(self, query: str, *, param_names: list[str] | None = None) -> str:
        if param_names is None and len(query) <= WORTH_KEEPING:
            return _with_question_marks(query)
        return str(super().convert_query(query, param_names=param_names))


@lru_cache(maxsize=STATEMENTS)
def _with_question_marks(query: str) -> str:
    return base.FORMAT_QMARK_REGEX.sub("?", query).replace("%%", "%")


class DatabaseOperations(operations.DatabaseOperations):
    """Times in UTC, as this house has them everywhere, are written and read without asking what else they might be."""

    def adapt_datetimefield_value(self, value: Any) -> str | None:
        if type(value) is dt.datetime and value.tzinfo is dt.UTC is self.connection.timezone:
            return str(value.replace(tzinfo=None))
        return super().adapt_datetimefield_value(value)

    def convert_datetimefield_value(
        self, value: Any, expression: Any, connection: Any
    ) -> dt.datetime | None:
        if type(value) is str and connection.timezone is dt.UTC:
            try:
                read = dt.datetime.fromisoformat(value)
            except ValueError:
                read = None
            if read is not None and read.tzinfo is None:
                return read.replace(tzinfo=dt.UTC)
        return super().convert_datetimefield_value(value, expression, connection)


class DatabaseWrapper(base.DatabaseWrapper):
    """What DATABASES names as its engine."""

    ops_class = DatabaseOperations

    def create_cursor(self, name: str | None = None) -> Any:
        return self.connection.cursor(factory=Cursor)
