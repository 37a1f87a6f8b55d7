"""What every message asks of the database. Django takes longer to write such a statement than the database to
answer it (1 to 2 ms against 0.1), so each is written once per thread and then only filled in.

A value that changes the SQL itself (None, an empty list, a limit) cannot be a slot.
"""

import re
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from operator import attrgetter, methodcaller
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

from tenants.asking import asked, writer
from tenants.fetched import Make, reader

Row = TypeVar("Row")
Made = TypeVar("Made", bound=Model)
Param = Callable[[Mapping[str, Any]], Any]
_PLACEHOLDER = re.compile(r"(?<!%)%s")


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
        connection, sql, params, read = self._written()
        found = asked(connection, sql, [param(values) for param in params], _ALL)
        return [read(row) for row in found]

    def _written(self) -> tuple[Any, str, list[Param], Make]:
        kept: tuple[Any, str, list[Param], Make] | None = getattr(self._kept, "written", None)
        if kept is None or kept[0] is not connections[kept[0].alias]:
            rows: Any = self._rows()
            compiler = rows.query.get_compiler(rows.db)
            sql, params = compiler.as_sql()
            connection = compiler.connection
            kept = (connection, *_statement(sql, params, connection), reader(rows, compiler))
            self._kept.written = kept
        return kept


class PreparedUpdate:
    """An UPDATE of the rows of a query set with slots. The number of changed rows is the answer.

    An expression among the changes (`F("unread") + 1`) is written with the statement: it is the same at every call.
    """

    def __init__(self, rows: Callable[[], "QuerySet[Any, Any]"]) -> None:
        self._rows, self._kept = rows, threading.local()

    def __call__(self, changes: Mapping[str, Any], **values: Any) -> int:
        connection, sql, params = self._written(changes)
        values |= {_set(name): value for name, value in changes.items()}
        written = [param(values) for param in params]
        with transaction.mark_for_rollback_on_error(connection.alias):
            return int(asked(connection, sql, written, _CHANGED))

    def _written(self, changes: Mapping[str, Any]) -> tuple[Any, str, list[Param]]:
        columns = ",".join(changes)
        kept: tuple[Any, str, list[Param]] | None = self._kept.__dict__.get(columns)
        if kept is None or kept[0] is not connections[kept[0].alias]:
            rows = self._rows()
            query: Any = rows.query.chain(UpdateQuery)
            query.add_update_values({name: _new(rows, name, changes[name]) for name in changes})
            compiler = query.get_compiler(rows.db)
            sql, params = compiler.as_sql()
            kept = (compiler.connection, *_statement(sql, params, compiler.connection))
            self._kept.__dict__[columns] = kept
        return kept


class PreparedInsert(Generic[Made]):
    """One new row: `PreparedInsert(Message)(message)` is `message.save(force_insert=True)` for models without signals.

    Raises IntegrityError like it.
    """

    def __init__(self, model: type[Made]) -> None:
        self._model, self._kept = model, threading.local()

    def __call__(self, row: Made) -> Made:
        connection, sql, fields, made_there = self._written(row)
        values = [write(field.pre_save(row, add=True), connection) for field, write in fields]
        with transaction.mark_for_rollback_on_error(connection.alias):
            made = asked(connection, sql, values, _FIRST if made_there else _CHANGED)
        for name, value in zip(made_there, made if made_there else (), strict=True):
            setattr(row, name, value)
        row._state.adding, row._state.db = False, connection.alias
        return row

    def _written(self, row: Made) -> tuple[Any, str, Any, list[str]]:
        kept: tuple[Any, str, Any, list[str]] | None = getattr(self._kept, "written", None)
        if kept is None or kept[0] is not connections[kept[0].alias]:
            meta: Any = self._model._meta
            made_there = meta.db_returning_fields
            fields = [field for field in meta.local_concrete_fields if field not in made_there]
            query = InsertQuery(self._model)
            query.insert_values(fields, [row])
            compiler: Any = query.get_compiler(router.db_for_write(self._model))
            compiler.returning_fields = made_there
            sql = compiler.as_sql()[0][0]
            written = [(field, writer(field, field.get_db_prep_save)) for field in fields]
            kept = (compiler.connection, sql, written, [field.attname for field in made_there])
            self._kept.written = kept
        return kept


_ALL, _FIRST, _CHANGED = methodcaller("fetchall"), methodcaller("fetchone"), attrgetter("rowcount")


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


def _statement(sql: str, params: Sequence[Any], connection: Any) -> tuple[str, list[Param]]:
    """The SQL, and for each placeholder in it where its value comes from.

    Words of ours are no values but stand in the SQL. SQLite, which may use an index on some rows only where it reads
    which, plans a statement anew for every value that it gets in such a place: that takes longer than running it.
    """
    first, *pieces = _PLACEHOLDER.split(sql)
    words, places = [first], []
    for param, piece in zip(params, pieces, strict=True):
        if isinstance(param, str) and param.isidentifier():
            words += [f"'{str.__str__(param)}'", piece]
        else:
            words += ["%s", piece]
            places.append(_slot(param, connection) if isinstance(param, Slot) else _same(param))
    return "".join(words), places


def _same(value: Any) -> Param:
    return lambda _values: value


def _slot(slot: Slot, connection: Any) -> Param:
    name, field = slot.name, slot.output_field
    write = writer(field, field.get_db_prep_value)
    return lambda values: write(values[name], connection)
