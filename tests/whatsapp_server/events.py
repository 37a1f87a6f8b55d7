"""What the rig saw, in order; tests wait on it."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable
from typing import Any

log = logging.getLogger("whatsapp_rig")

Event = dict[str, Any]


class EventLog:
    def __init__(self) -> None:
        self.events: list[Event] = []
        self._grown = asyncio.Event()

    def add(self, kind: str, **details) -> Event:
        event = {"seq": len(self.events) + 1, "t": time.time(), "kind": kind, **details}
        self.events.append(event)
        log.info("%s", " ".join(f"{k}={v!r}" for k, v in event.items() if k not in ("t",)))
        grown, self._grown = self._grown, asyncio.Event()
        grown.set()
        return event

    def select(self, since: int = 0, **match) -> list[Event]:
        return [e for e in self.events[since:] if all(e.get(k) == v for k, v in match.items())]

    async def wait(
        self,
        since: int = 0,
        timeout: float = 10,
        count: int = 1,
        where: Callable[[Event], bool] | None = None,
        **match,
    ) -> list[Event]:
        """The first ``count`` matching events after ``since``; TimeoutError if they do not come."""
        deadline = time.monotonic() + timeout
        while True:
            found = [e for e in self.select(since, **match) if where is None or where(e)]
            if len(found) >= count:
                return found[:count]
            left = deadline - time.monotonic()
            if left <= 0:
                raise TimeoutError(
                    f"{len(found)} of {count} events matching {match} within {timeout} s"
                )
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._grown.wait(), left)
