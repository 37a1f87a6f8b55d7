"""A written statement and its values on their way to the database, without the layers that other statements need."""

import datetime as dt
import uuid
from collections.abc import Callable, Sequence
from typing import Any

from django.db import models
from django.db.models import Field

Write = Callable[[Any, Any], Any]  # a value, the connection

# What such a column takes as it is. Anything else (an enumeration, a lazy text, None) is left to the field.
_AS_IT_IS: dict[type[Any], type] = {
    models.CharField: str,
    models.TextField: str,
    models.BooleanField: bool,
    models.IntegerField: int,
    models.BigIntegerField: int,
    models.BigAutoField: int,
    models.PositiveIntegerField: int,
    models.PositiveSmallIntegerField: int,
    models.PositiveBigIntegerField: int,
}


def asked(connection: Any, sql: str, values: Sequence[Any], take: Callable[[Any], Any]) -> Any:
    """Run it and `take` from the cursor what is wanted. Raises what `connection.cursor()` raises."""
    if connection.connection is None or connection.execute_wrappers or connection.queries_logged:
        with connection.cursor() as cursor:
            cursor.execute(sql, values)
            return take(cursor)
    connection.close_if_health_check_failed()
    connection.ensure_connection()
    connection.validate_no_broken_transaction()
    with connection.wrap_database_errors:
        cursor = connection.create_cursor()
        try:
            cursor.execute(sql, values)
            return take(cursor)
        finally:
            cursor.close()


def writer(field: "Field[Any, Any]", otherwise: Callable[..., Any]) -> Write:
    """From a value of `field` to what the database takes. `otherwise` is the field's own way, which takes far longer."""
    kind = type(
        getattr(field, "target_field", field)
    )  # of a foreign key, the kind of the key there
    if kind is models.DateTimeField:
        return lambda value, connection: (
            connection.ops.adapt_datetimefield_value(value)
            if type(value) is dt.datetime and value.tzinfo is not None
            else otherwise(value, connection)
        )
    if kind is models.UUIDField:
        return lambda value, connection: (
            (value if connection.features.has_native_uuid_field else value.hex)
            if type(value) is uuid.UUID
            else otherwise(value, connection)
        )
    exact = _AS_IT_IS.get(kind)
    return lambda value, connection: value if type(value) is exact else otherwise(value, connection)
