"""Whether a PDF is pages to read and nothing else. Programs and other files in it are found by the names that
they need, wherever a name may stand: in the objects, and in the compressed streams that hold objects."""

import re
import zlib
from collections.abc import Iterator

MOST_INFLATED = 32 * 2**20  # bytes of objects that are unpacked for one file
# What makes a PDF more than pages to read.
ACTIVE = frozenset(
    {b"JavaScript", b"JS", b"Launch", b"EmbeddedFile", b"EmbeddedFiles", b"RichMedia"}
)
_NAME = re.compile(rb"/([^\x00\t\n\x0c\r ()<>\[\]{}/%]+)")
_DICTIONARY = re.compile(rb"(?:[\x00\s]++|%[^\r\n]{0,80}+[\r\n]){0,12}+<<")
_OBJECT = re.compile(rb"\bendobj\b|\d\s+obj\b")
_NEXT = re.compile(rb"%[^\r\n]*|\(|(?<=[\x00\s>])stream\r?\n")
_IN_STRING = re.compile(rb"\\.|[()]", re.DOTALL)


class NotReadableError(Exception):
    """Objects of the file cannot be looked at."""


def is_active(data: bytes) -> bool:
    """Whether the file holds a program, an action at its opening, or another file. NotReadableError when it hides."""
    return any(_acts(text) for text in _texts(data))


def _acts(text: bytes) -> bool:
    for found in _NAME.finditer(text):
        name = _spelt(found[1])
        if name in ACTIVE:
            return True
        if name == b"OpenAction" and _DICTIONARY.match(text, found.end()):
            return True
    return False


def _spelt(name: bytes) -> bytes:
    """The name as it is meant: `J#53` is JS."""
    return re.sub(rb"#([0-9A-Fa-f]{2})", lambda code: bytes([int(code[1], 16)]), name)


def _texts(data: bytes) -> Iterator[bytes]:
    """All that a reader takes for objects."""
    left = MOST_INFLATED
    for text, stream in _parts(data):
        yield text
        if _OBJECT.search(stream):  # its end was written wrong, or it hides objects
            yield stream
        names = _names_of(text)
        if stream and names & {b"ObjStm", b"First"}:
            objects = _unpacked(stream, names, left)
            left -= len(objects)
            yield objects


def _names_of(text: bytes) -> set[bytes]:
    """The names that say what the stream after `text` is; of other objects also, when one of them is of a pack."""
    own, every = (
        {_spelt(name) for name in set(_NAME.findall(t))} for t in (text[text.rfind(b"obj") :], text)
    )
    return every if b"ObjStm" in every else own


def _parts(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """What stands before each stream, and the stream, which is any bytes: names in those are chance.

    The word “stream” in a string or a comment begins none; their names are looked at like all others.
    """
    start = at = 0
    while found := _NEXT.search(data, at):
        at = found.end()
        if found[0] == b"(":
            at = _after_string(data, at)
        elif not found[0].startswith(b"%"):
            end = data.find(b"endstream", at)
            if end < 0:
                break
            yield data[start : found.start()], data[at:end]
            start = at = end
    yield data[start:], b""


def _after_string(data: bytes, at: int) -> int:
    depth = 1
    for found in _IN_STRING.finditer(data, at):
        depth += {b"(": 1, b")": -1}.get(found[0], 0)
        if depth == 0:
            return found.end()
    return len(data)


def _unpacked(stream: bytes, names: set[bytes], most: int) -> bytes:
    if b"Filter" not in names:
        return stream
    if b"FlateDecode" not in names or b"Predictor" in names:
        raise NotReadableError
    unpacker = zlib.decompressobj()
    try:
        objects = unpacker.decompress(stream, most + 1)
    except zlib.error as error:
        raise NotReadableError from error
    if len(objects) > most:
        raise NotReadableError
    return objects
