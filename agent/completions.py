"""What a model's server sends, as the rest of MILA reads it. Whatever it holds can be stored and shown."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from agent.pricing import Usage
from agent.troubles import GARBAGE, ModelError

MOST_TOKENS = 10_000_000  # of a usage that can be believed


@dataclass(frozen=True)
class ToolCall:
    id: str
    name: str
    arguments: Mapping[str, Any]


@dataclass(frozen=True)
class Completion:
    """One answer of the model. `content` is what goes back unchanged when the talk continues."""

    text: str
    tool_calls: Sequence[ToolCall]
    stop_reason: str
    usage: Usage
    content: Sequence[Mapping[str, Any]] = field(default_factory=list)
    model: str = ""  # that was asked; another than usual when that one is gone


def completion_of(body: bytes, model: str) -> Completion:
    """The answer in the body of a response. Raises ModelError when it is none."""
    try:
        answer = json.loads(body)
        blocks = [_clean(block) for block in answer["content"] if isinstance(block, dict)]
        calls = [
            ToolCall(str(block["id"]), str(block["name"]), _arguments(block.get("input")))
            for block in blocks
            if block.get("type") == "tool_use"
        ]
        texts = [str(block["text"]) for block in blocks if block.get("type") == "text"]
        usage = _usage(answer.get("usage") or {})
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ModelError(GARBAGE, permanent=False, uncertain=True) from error
    stop = str(answer.get("stop_reason") or "end_turn")
    return Completion("\n".join(texts).strip(), calls, stop, usage, blocks, model)


def _clean(value: Any) -> Any:
    """Without what neither database nor network take: zero bytes and half surrogate pairs."""
    if isinstance(value, str):
        return value.replace("\x00", "").encode("utf-8", "ignore").decode()
    if isinstance(value, list):
        return [_clean(each) for each in value]
    if isinstance(value, dict):
        return {_clean(key): _clean(each) for key, each in value.items()}
    return value


def _arguments(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _usage(row: Mapping[str, Any]) -> Usage:
    return Usage(
        input=_tokens(row.get("input_tokens")),
        output=_tokens(row.get("output_tokens")),
        cache_read=_tokens(row.get("cache_read_input_tokens")),
        cache_write=_tokens(row.get("cache_creation_input_tokens")),
    )


def _tokens(value: Any) -> int:
    return min(max(int(value or 0), 0), MOST_TOKENS)
