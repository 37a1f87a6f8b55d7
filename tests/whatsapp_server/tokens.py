"""The token dictionaries of WhatsApp's binary XML, read from the installed client.

The dictionaries are data that the client and the server must share.  Rather
than keeping a copy, the rig reads them at run time out of the very shared
library that the program under test loads (``neonize-linux-*.so``), so the two
can never disagree.  Nothing of that library is executed for this: it is parsed
as an ELF file.

In a Go binary a string is a pair (pointer, length).  In a shared library the
pointers are filled in by the loader from ``R_*_RELATIVE`` relocations, so a
table of strings is found by looking at the relocations' addends:

* the single-byte table is the array whose entry 1 is ``xmlstreamstart``;
* the double-byte tables are the only place where four slices of length and
  capacity 256 stand next to each other.
"""

from __future__ import annotations

import functools
import importlib.util
import pathlib
import struct

SINGLE_TABLE_SIZE = 236  # tags 236..239 select a double-byte dictionary
DOUBLE_TABLES = 4
DOUBLE_TABLE_SIZE = 256

_RELATIVE = {62: 8, 183: 1027}  # ELF machine -> number of its RELATIVE relocation
_PT_LOAD, _PT_DYNAMIC = 1, 2
_DT_RELA, _DT_RELASZ = 7, 8


class TokensNotFound(RuntimeError):
    pass


class _Image:
    """A 64-bit little-endian ELF file, as the loader would see it at base 0."""

    def __init__(self, data: bytes):
        if data[:4] != b"\x7fELF" or data[4:6] != b"\x02\x01":
            raise TokensNotFound("not a 64-bit little-endian ELF file")
        self.data = data
        machine = struct.unpack_from("<H", data, 18)[0]
        phoff, phnum = struct.unpack_from("<Q", data, 32)[0], struct.unpack_from("<H", data, 56)[0]
        self.segments: list[tuple[int, int, int]] = []  # vaddr, offset, size in file
        dynamic = None
        for i in range(phnum):
            kind, _, offset, vaddr, _, filesz = struct.unpack_from("<IIQQQQ", data, phoff + 56 * i)
            if kind == _PT_LOAD:
                self.segments.append((vaddr, offset, filesz))
            elif kind == _PT_DYNAMIC:
                dynamic = (offset, filesz)
        if dynamic is None:
            raise TokensNotFound("no dynamic section")
        entries = dict(struct.iter_unpack("<QQ", data[dynamic[0] : sum(dynamic)]))
        start = self.offset(entries[_DT_RELA])
        wanted = _RELATIVE[machine]
        table = data[start : start + entries[_DT_RELASZ]]
        #: address of a pointer -> where it points
        self.pointers = {
            where: target
            for where, info, target in struct.iter_unpack("<QQq", table)
            if info == wanted
        }

    def offset(self, vaddr: int) -> int:
        for start, offset, size in self.segments:
            if start <= vaddr < start + size:
                return vaddr - start + offset
        raise TokensNotFound(f"address {vaddr:#x} is not in the file")

    def word(self, vaddr: int) -> int:
        return struct.unpack_from("<Q", self.data, self.offset(vaddr))[0]

    def string(self, vaddr: int) -> str:
        """The Go string whose header is at vaddr."""
        length = self.word(vaddr + 8)
        if length == 0:
            return ""
        start = self.offset(self.pointers[vaddr])
        return self.data[start : start + length].decode("ascii")

    def strings(self, vaddr: int, count: int) -> list[str]:
        return [self.string(vaddr + 16 * i) for i in range(count)]


def client_library() -> pathlib.Path:
    """The shared library of the installed neonize, found without importing it."""
    spec = importlib.util.find_spec("neonize")
    if spec is None or not spec.submodule_search_locations:
        raise TokensNotFound("neonize is not installed in this environment")
    folder = pathlib.Path(next(iter(spec.submodule_search_locations)))
    found = sorted(folder.glob("neonize-linux-*.so"))
    if not found:
        raise TokensNotFound("neonize's shared library is not beside the package")
    return found[0]


@functools.lru_cache(maxsize=1)
def load() -> tuple[list[str], list[list[str]]]:
    """(single-byte table, four double-byte tables)."""
    image = _Image(client_library().read_bytes())

    first, second = "xmlstreamstart", "xmlstreamend"
    places = []
    at = image.data.find(first.encode())
    while at != -1:
        places.append(at)
        at = image.data.find(first.encode(), at + 1)
    single = None
    for where, target in image.pointers.items():
        try:
            if (
                image.offset(target) in places
                and image.word(where + 8) == len(first)
                and image.string(where + 16) == second
            ):
                single = image.strings(where - 16, SINGLE_TABLE_SIZE)
                break
        except (TokensNotFound, KeyError, UnicodeDecodeError):
            continue
    if single is None:
        raise TokensNotFound("single-byte token table not found")

    for where in sorted(image.pointers):
        headers = [where + 24 * i for i in range(DOUBLE_TABLES)]
        if not all(h in image.pointers for h in headers):
            continue
        try:
            if all(image.word(h + 8) == image.word(h + 16) == DOUBLE_TABLE_SIZE for h in headers):
                double = [image.strings(image.pointers[h], DOUBLE_TABLE_SIZE) for h in headers]
                return single, double
        except (TokensNotFound, KeyError, UnicodeDecodeError):
            continue
    raise TokensNotFound("double-byte token tables not found")


if __name__ == "__main__":
    one, two = load()
    print(len(one), one[:6], "...", one[-2:])
    for table in two:
        print(len(table), table[:3], "...", table[-2:])
