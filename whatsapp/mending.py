"""Events with texts that are no text: WhatsApp's library passes on whatever bytes a sender's phone wrote there."""

from typing import Any

from whatsapp.session import parse


def mended(kind: str, payload: bytes) -> bytes:
    """The same event, with question marks for what is no text in its texts: senders may write any bytes there."""
    event = parse(kind, payload)
    _mend(event)
    return bytes(event.SerializePartialToString())


def _mend(part: Any) -> None:
    for field, value in part.ListFields():
        if field.is_repeated:
            for place, each in enumerate(value):
                if isinstance(each, bytes) and field.type == field.TYPE_STRING:
                    value[place] = each.decode(errors="replace")
                elif field.cpp_type == field.CPPTYPE_MESSAGE:
                    _mend(each)
        elif field.cpp_type == field.CPPTYPE_MESSAGE:
            _mend(value)
        elif isinstance(value, bytes) and field.type == field.TYPE_STRING:
            setattr(part, field.name, value.decode(errors="replace"))
