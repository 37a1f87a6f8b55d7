"""How the rows of one written statement become what its query set gives: the same objects as Django makes, but what is
the same for every row of that statement is worked out once, when it is written."""

from collections.abc import Callable, Sequence
from typing import Any

from django.db.models import JSONField, Model, QuerySet
from django.db.models.base import ModelState
from django.db.models.query import FlatValuesListIterable, ModelIterable, ValuesListIterable
from django.db.models.query_utils import DeferredAttribute
from django.db.models.signals import post_init, pre_init

Raw = Sequence[Any]
Make = Callable[[Raw], Any]


def reader(rows: "QuerySet[Any, Any]", compiler: Any) -> Make:
    """From a row as the database gives it to an object, or a tuple, of the query set. `compiler` has written it."""
    columns = [column for column, *_ in compiler.select]
    convert, kind = _conversion(compiler, columns), rows._iterable_class
    if kind is ValuesListIterable:
        return lambda row: tuple(convert(row))
    if kind is FlatValuesListIterable:
        return lambda row: convert(row)[0]
    if kind is not ModelIterable:
        raise NotImplementedError("A prepared statement gives objects, tuples or single values.")
    make = _objects(compiler.klass_info, compiler.select, rows.db)
    extra = list(compiler.annotation_col_map.items())

    def read(row: Raw) -> Any:
        values = convert(row)
        made = make(values)
        for name, place in extra:
            setattr(made, name, values[place])
        return made

    return read


def _conversion(compiler: Any, columns: Sequence[Any]) -> Make:
    """Times, ids and JSON as Python has them."""
    connection = compiler.connection
    steps = [
        (place, _json(convert) if _is_json(expression.output_field) else convert, expression)
        for place, (converters, expression) in compiler.get_converters(columns).items()
        for convert in converters
    ]

    def convert(row: Raw) -> Raw:
        values = list(row)
        for place, step, expression in steps:
            values[place] = step(values[place], expression, connection)
        return values

    return convert


def _is_json(field: Any) -> bool:
    return type(field) is JSONField and field.decoder is None


def _json(convert: Callable[..., Any]) -> Callable[..., Any]:
    """Most of our JSON is an empty object."""
    return lambda value, *more: {} if value == "{}" else convert(value, *more)


def _objects(info: Any, select: Sequence[Any], using: str) -> Make:
    """Objects of one model, with the related ones that the statement brings."""
    if info.get("from_parent"):
        raise NotImplementedError("A prepared statement reads no models that inherit from another.")
    model, places = info["model"], info["select_fields"]
    names = [select[place][0].target.attname for place in places]
    first, end = places[0], places[-1] + 1
    new = (
        _plain(model, names, using) if _is_plain(model, names) else _by_django(model, names, using)
    )
    related = [_related(each, select, using) for each in info.get("related_klass_infos", ())]

    def make(row: Raw) -> Any:
        made = new(row[first:end])
        for attach in related:
            attach(made, row)
        return made

    return make


def _related(info: Any, select: Sequence[Any], using: str) -> Callable[[Any, Raw], None]:
    make = _objects(info, select, using)
    keys = {select[place][0].target.attname: place for place in info["select_fields"]}
    key = keys[info["model"]._meta.pk.attname]
    here, there = info["local_setter"], info["remote_setter"]

    def attach(owner: Any, row: Raw) -> None:
        found = None if row[key] is None else make(row)
        here(owner, found)
        if found is not None:
            there(found, owner)

    return attach


def _is_plain(model: type[Model], names: Sequence[str]) -> bool:
    """Whether nobody takes part in making an object of it, so that its values may just be put there."""
    return (
        model.__init__ is Model.__init__
        and model.from_db.__func__ is Model.from_db.__func__  # type: ignore[attr-defined]
        and not pre_init.has_listeners(model)
        and not post_init.has_listeners(model)
        and all(isinstance(getattr(model, name), DeferredAttribute) for name in names)
    )


def _plain(model: type[Model], names: Sequence[str], using: str) -> Make:
    """What is not among `names` is deferred: it is read when it is asked for."""

    def new(values: Raw) -> Any:
        made = model.__new__(model)
        made._state = state = ModelState()
        state.adding, state.db = False, using
        made.__dict__.update(zip(names, values, strict=True))
        return made

    return new


def _by_django(model: type[Model], names: Sequence[str], using: str) -> Make:
    return lambda values: model.from_db(using, names, values)
