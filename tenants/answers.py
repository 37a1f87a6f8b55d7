"""What every operation of the API has in common: its errors are sentences in JSON, its input loses nothing."""

from typing import Any, ClassVar

from ninja import Schema
from pydantic import BaseModel, ConfigDict, model_validator

ERRORS = frozenset({400, 401, 403, 404, 413, 422})


class Problem(Schema):
    """An error: a sentence, and for wrong input the sentences by field."""

    detail: str
    fields: dict[str, list[str]] = {}


class Input(BaseModel):
    """A body. Unknown fields are refused rather than lost; those that only MILA writes may come back unchanged."""

    model_config = ConfigDict(extra="forbid")
    read_only: ClassVar[tuple[str, ...]] = ()

    @model_validator(mode="before")
    @classmethod
    def without_read_only(cls, body: Any) -> Any:
        if not isinstance(body, dict):
            return body
        return {name: value for name, value in body.items() if name not in cls.read_only}

    def given(self) -> dict[str, Any]:
        """The fields that the caller sent."""
        return self.model_dump(exclude_unset=True, exclude={"id"})


class Named(Input):
    """A body that only says which row is meant."""

    id: str | None = None
