"""Loaded by Python itself at start-up when this folder is on PYTHONPATH.

If WHATSAPP_RIG_ROOT is set, the root public key that neonize's Go library
compares server certificates with is replaced in memory, right after the library
was loaded and before anything can connect.  The program itself stays as it is.
Another ``sitecustomize`` further along the path is run afterwards, as usual.
"""

import os
import sys


def _patch_library(wanted):
    import ctypes

    # The public key compiled into whatsmeow (its WACertPubKey).
    built_in = bytes.fromhex("142375574d0a587166aae71ebe516437c4a28b73e3695c6ce1f7f9545da8ee6b")
    found = []
    with open("/proc/self/maps") as maps:  # noqa: PTH123  nothing is imported that need not be
        for line in maps:
            span, permissions, *rest = line.split(None, 5)
            name = rest[-1].strip() if rest else ""
            if "/neonize-" not in name or permissions[:2] != "rw":
                continue
            start, end = (int(x, 16) for x in span.split("-"))
            memory = ctypes.string_at(start, end - start)
            at = memory.find(built_in)
            while at != -1:
                found.append(start + at)
                at = memory.find(built_in, at + 1)
    if len(found) != 1:
        raise RuntimeError(
            f"whatsapp_server: expected the root key once in the library, found it {len(found)} times"
        )
    ctypes.memmove(found[0], wanted, len(wanted))


def _install(wanted):
    import importlib.abc
    import importlib.machinery

    class Finder(importlib.abc.MetaPathFinder):
        def find_spec(self, name, path, target=None):
            if name != "neonize._binder":
                return None
            spec = importlib.machinery.PathFinder.find_spec(name, path, target)
            if spec is None or spec.loader is None:
                return spec
            execute = spec.loader.exec_module

            def exec_module(module):
                execute(module)  # this is where the library is loaded
                _patch_library(wanted)

            spec.loader.exec_module = exec_module  # type: ignore[method-assign]
            return spec

    sys.meta_path.insert(0, Finder())


if os.environ.get("WHATSAPP_RIG_ROOT"):
    _install(bytes.fromhex(os.environ["WHATSAPP_RIG_ROOT"]))


def _next():
    import importlib.machinery

    here = os.path.dirname(os.path.abspath(__file__))  # noqa: PTH100, PTH120
    others = [p for p in sys.path if os.path.abspath(p or ".") != here]  # noqa: PTH100
    spec = importlib.machinery.PathFinder.find_spec("sitecustomize", others)
    if spec is not None and spec.loader is not None:
        import importlib.util

        spec.loader.exec_module(importlib.util.module_from_spec(spec))


_next()
