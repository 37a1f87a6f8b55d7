"""What every message asks of the database. Django takes longer to write such a statement than the database to
answer it (1 to 2 ms against 0.1), so each is written once per thread and then only filled in.

A value that changes the SQL itself (None, an empty list, a limit) cannot be a slot.
"""

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from typing import Any, Generic, TypeVar

from django.db import connections, router, transaction
from django.db.models import (
    BigIntegerField,
    DateTimeField,
    Expression,
    Field,
    Model,
    QuerySet,
    TextField,
    UUIDField,
)
from django.db.models.sql import InsertQuery, UpdateQuery

Row = TypeVar("Row")
Made = TypeVar("Made", bound=Model)


class Slot(Expression):
    """A value that each asking fills in, wherever a filter takes a value."""

    def __init__(self, name: str, output_field: "Field[Any, Any]") -> None:
        super().__init__(output_field=output_field)
        self.name = name

    def as_sql(self, compiler: Any, connection: Any) -> Any:
        return "%s", [self]


class Literal(Expression):
    """A word of ours that stands in the SQL itself: SQLite uses an index on some rows only when it reads which."""

    def __init__(self, word: str) -> None:
        super().__init__(output_field=TextField())
        self.word = word

    def as_sql(self, compiler: Any, connection: Any) -> Any:
        if not self.word.isidentifier():
            raise ValueError("Only a plain word may stand in the SQL.")
        return f"'{self.word}'", []


def id_slot(name: str) -> Any:
    return Slot(name, UUIDField())


def number_slot(name: str) -> Any:
    return Slot(name, BigIntegerField())


def text_slot(name: str) -> Any:
    return Slot(name, TextField())


def time_slot(name: str) -> Any:
    return Slot(name, DateTimeField())


class Prepared(Generic[Row]):
    """A query set with slots: `Prepared(lambda: Message.objects.filter(pk=number_slot("pk")))(pk=7)` is a list."""

    def __init__(self, rows: Callable[[], "QuerySet[Any, Row]"]) -> None:
        self._rows, self._kept = rows, threading.local()

    def __call__(self, **values: Any) -> list[Row]:
        rows, compiler, sql, params = self._written()
        full = _filled(params, values, compiler.connection)
        with compiler.connection.cursor() as cursor:
            cursor.execute(sql, full)
            found = cursor.fetchall()
        if not found:
            return []
        compiler.execute_sql = lambda *_args, **_kwargs: (found,)
        return list(rows._iterable_class(rows))

    def _written(self) -> tuple[Any, Any, str, Any]:
        kept: tuple[Any, Any, str, Any] | None = getattr(self._kept, "written", None)
        if kept is None or kept[1].connection is not connections[kept[0].db]:
            rows: Any = self._rows()
            compiler = rows.query.get_compiler(rows.db)
            rows.query.get_compiler = lambda *_args, **_kwargs: compiler
            kept = self._kept.written = (rows, compiler, *compiler.as_sql())
            converters = compiler.get_converters([part[0] for part in compiler.select])
            compiler.get_converters = lambda _columns: converters
        return kept


class PreparedUpdate:
    """An UPDATE of the rows of a query set with slots. The number of changed rows is the answer.

    An expression among the changes (`F("unread") + 1`) is written with the statement: it is the same at every call.
    """

    def __init__(self, rows: Callable[[], "QuerySet[Any, Any]"]) -> None:
        self._rows, self._kept = rows, threading.local()

    def __call__(self, changes: Mapping[str, Any], **values: Any) -> int:
        compiler, sql, params = self._written(changes)
        new = {_set(name): value for name, value in changes.items()}
        full = _filled(params, values | new, compiler.connection)
        with (
            transaction.mark_for_rollback_on_error(compiler.using),
            compiler.connection.cursor() as cursor,
        ):
            cursor.execute(sql, full)
            return int(cursor.rowcount)

    def _written(self, changes: Mapping[str, Any]) -> tuple[Any, str, Any]:
        columns = ",".join(changes)
        kept: tuple[Any, str, Any] | None = self._kept.__dict__.get(columns)
        if kept is None or kept[0].connection is not connections[kept[0].using]:
            rows = self._rows()
            query: Any = rows.query.chain(UpdateQuery)
            query.add_update_values({name: _new(rows, name, changes[name]) for name in changes})
            compiler = query.get_compiler(rows.db)
            kept = self._kept.__dict__[columns] = (compiler, *compiler.as_sql())
        return kept


class PreparedInsert(Generic[Made]):
    """One new row: `PreparedInsert(Message)(message)` is `message.save(force_insert=True)` for models without signals.

    Raises IntegrityError like it.
    """

    def __init__(self, model: type[Made]) -> None:
        self._model, self._kept = model, threading.local()

    def __call__(self, row: Made) -> Made:
        connection, sql, fields, made_there = self._written(row)
        values = [f.get_db_prep_save(f.pre_save(row, add=True), connection) for f in fields]
        with (
            transaction.mark_for_rollback_on_error(connection.alias),
            connection.cursor() as cursor,
        ):
            cursor.execute(sql, values)
            for field, value in zip(
                made_there, cursor.fetchone() if made_there else (), strict=True
            ):
                setattr(row, field.attname, value)
        row._state.adding, row._state.db = False, connection.alias
        return row

    def _written(self, row: Made) -> tuple[Any, str, Any, Any]:
        kept: tuple[Any, str, Any, Any] | None = getattr(self._kept, "written", None)
        using = router.db_for_write(self._model)
        if kept is None or kept[0] is not connections[using]:
            meta: Any = self._model._meta
            made_there = meta.db_returning_fields
            fields = [field for field in meta.local_concrete_fields if field not in made_there]
            query = InsertQuery(self._model)
            query.insert_values(fields, [row])
            compiler: Any = query.get_compiler(using)
            compiler.returning_fields = made_there
            sql = compiler.as_sql()[0][0]
            kept = self._kept.written = (compiler.connection, sql, fields, made_there)
        return kept


@contextmanager
def savepoint() -> Iterator[None]:
    """Around one statement that may be refused. Outside of a transaction it is one by itself, at half the cost."""
    with transaction.atomic() if transaction.get_connection().in_atomic_block else nullcontext():
        yield


def _new(rows: "QuerySet[Any, Any]", column: str, value: Any) -> Any:
    expression = hasattr(value, "resolve_expression")
    return value if expression else Slot(_set(column), rows.model._meta.get_field(column))


def _set(column: str) -> str:
    """The slot of a column's new value, apart from the slot that the filter may have for the same column."""
    return f"set {column}"


def _filled(params: Sequence[Any], values: Mapping[str, Any], connection: Any) -> tuple[Any, ...]:
    return tuple(
        p.output_field.get_db_prep_value(values[p.name], connection) if isinstance(p, Slot) else p
        for p in params
    )
