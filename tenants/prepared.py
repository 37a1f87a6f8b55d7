"""Questions that every message asks of the database. Django takes longer to write such a SELECT than the database
to answer it (1 to 2 ms against 0.1), so each is written once per thread and then only filled in.

A value that changes the SQL itself (None, an empty list, a limit) cannot be a slot.
"""

import threading
from collections.abc import Callable
from typing import Any, Generic, TypeVar

from django.db import connections
from django.db.models import (
    BigIntegerField,
    DateTimeField,
    Expression,
    Field,
    QuerySet,
    TextField,
    UUIDField,
)

Row = TypeVar("Row")


class Slot(Expression):
    """A value that each asking fills in, wherever a filter takes a value."""

    def __init__(self, name: str, output_field: "Field[Any, Any]") -> None:
        super().__init__(output_field=output_field)
        self.name = name

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, list[Any]]:
        return "%s", [self]

    def filled(self, values: dict[str, Any], connection: Any) -> Any:
        return self.output_field.get_db_prep_value(values[self.name], connection)


def id_slot(name: str) -> Any:
    return Slot(name, UUIDField())


def number_slot(name: str) -> Any:
    return Slot(name, BigIntegerField())


def text_slot(name: str) -> Any:
    return Slot(name, TextField())


def time_slot(name: str) -> Any:
    return Slot(name, DateTimeField())


class Prepared(Generic[Row]):
    """A query set with slots: `Prepared(lambda: Message.objects.filter(pk=Slot("pk", …)))(pk=7)` is a list of rows."""

    def __init__(self, rows: Callable[[], "QuerySet[Any, Row]"]) -> None:
        self._rows, self._kept = rows, threading.local()

    def __call__(self, **values: Any) -> list[Row]:
        if not hasattr(self._kept, "written"):
            self._kept.written = self._written()
        rows, compiler, sql, params = self._kept.written
        connection = connections[rows.db]
        full = [p.filled(values, connection) if isinstance(p, Slot) else p for p in params]
        compiler.as_sql = lambda *_args, **_kwargs: (sql, tuple(full))
        return list(rows._iterable_class(rows))

    def _written(self) -> tuple[Any, Any, str, Any]:
        rows: Any = self._rows()
        compiler = rows.query.get_compiler(rows.db)
        rows.query.get_compiler = lambda *_args, **_kwargs: compiler
        return (rows, compiler, *compiler.as_sql())
