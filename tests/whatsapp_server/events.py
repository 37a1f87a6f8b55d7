"""What the rig saw, in order; tests wait on it."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
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
        if log.isEnabledFor(logging.INFO):
            log.info("%s", " ".join(f"{k}={v!r}" for k, v in event.items() if k != "t"))
        grown, self._grown = self._grown, asyncio.Event()
        grown.set()
        return event

    def select(self, since: int = 0, **match) -> list[Event]:
        new = itertools.islice(self.events, since, None) if since else self.events
        wanted = match.items()
        return [event for event in new if all(event.get(k) == v for k, v in wanted)]

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
        found: list[Event] = []
        while True:
            new = self.select(since, **match)
            since = max(since, len(self.events))
            found += [event for event in new if where is None or where(event)]
            if len(found) >= count:
                return found[:count]
            left = deadline - time.monotonic()
            if left <= 0:
                raise TimeoutError(
                    f"{len(found)} of {count} events matching {match} within {timeout} s"
                )
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._grown.wait(), left)
