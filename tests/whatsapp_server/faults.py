"""What can go wrong, per business number.

Two kinds: *conditions* stay until changed (latency, delayed acks); *one-shots*
are counted down each time they strike (``times``) and are used up in the order
in which they were added.
"""

from __future__ import annotations

import dataclasses
import random


@dataclasses.dataclass
class Shot:
    """Strike ``times`` times, with these details."""

    times: int = 1
    details: dict = dataclasses.field(default_factory=dict)


class Shots:
    def __init__(self) -> None:
        self._waiting: list[Shot] = []

    def add(self, times: int = 1, **details) -> None:
        self._waiting.append(Shot(times, details))

    def take(self, **match) -> dict | None:
        """Details of the next strike, or None when nothing is due.

        With ``match``, only a strike that names the same value (or none) is taken.
        """
        for shot in self._waiting:
            if all(shot.details.get(k, v) == v for k, v in match.items()):
                shot.times -= 1
                if shot.times <= 0:
                    self._waiting.remove(shot)
                return shot.details
        return None

    def clear(self) -> None:
        self._waiting.clear()


class Shuffle:
    """Messages held back, to be delivered in another order than they were sent in."""

    def __init__(self, count: int = 5, seed: int = 0):
        self.count, self._random = count, random.Random(seed)
        self._held: list[tuple] = []

    def add(self, *delivery) -> bool:
        """Hold this one; True when all are here."""
        self._held.append(delivery)
        return len(self._held) >= self.count

    def shuffled(self) -> list:
        order = list(range(len(self._held)))
        while order == sorted(order) and len(order) > 1:
            self._random.shuffle(order)
        return [self._held[place] for place in order]


class Faults:
    #: name of a one-shot -> the details it takes (documented in the README)
    ONE_SHOTS = {
        "dial_status": ("status",),  # HTTP status instead of the WebSocket upgrade
        "dial_hang": (),  # accept TCP and TLS, never answer the upgrade
        "handshake_hang": (),  # never answer the Noise hello
        "handshake_bad_cert": (),  # a certificate signed by the wrong root
        "login_failure": (
            "reason",
            "code",
            "expire",
            "message",
        ),  # <failure .../> instead of <success>
        "login_hang": (),  # no answer to the login
        "send_error": ("error",),  # refuse a message from the client with this error number
        "send_lost": (),  # drop a message from the client: no delivery, no ack
        "ack_lost": (),  # deliver a message from the client, but never ack it
        "drop_before_ack": (),  # deliver a message from the client, then cut the connection
        "duplicate": ("mode", "gap"),  # deliver an inbound message twice: README
        "reorder": ("count", "seed"),  # hold back `count` inbound messages, deliver them shuffled
        "corrupt": (),  # garble an inbound ciphertext
        "passkey": (),  # at linking, ask for a passkey instead of linking
        "iq_error": ("xmlns", "code", "text"),
        "iq_hang": ("xmlns",),
    }
    CONDITIONS = {
        "latency": 0.0,  # seconds before every stanza the server sends
        "ack_delay": 0.0,  # seconds before acking a message from the client
        "offline": False,  # refuse all new connections (TCP reset); whole rig only
        "mute": False,  # the server says nothing more; all of it comes when this ends
        "ignore_pings": False,  # no answer to keepalives
    }

    #: these strike before the server knows which number is calling
    WHOLE_RIG = {"dial_status", "dial_hang", "handshake_hang", "handshake_bad_cert", "offline"}

    def __init__(self) -> None:
        self.shots = {name: Shots() for name in self.ONE_SHOTS}
        self.reset()

    def reset(self) -> None:
        for shots in self.shots.values():
            shots.clear()
        self.conditions = dict(self.CONDITIONS)

    def add(self, name: str, times: int = 1, **details) -> None:
        unknown = set(details) - set(self.ONE_SHOTS[name])
        if unknown:
            raise ValueError(f"{name} takes {self.ONE_SHOTS[name]}, not {sorted(unknown)}")
        self.shots[name].add(times, **details)

    def set(self, **conditions) -> None:
        for name, value in conditions.items():
            if name not in self.CONDITIONS:
                raise ValueError(f"unknown condition {name!r}; known: {sorted(self.CONDITIONS)}")
            self.conditions[name] = type(self.CONDITIONS[name])(value)

    def take(self, name: str, **match) -> dict | None:
        return self.shots[name].take(**match)

    def __getitem__(self, condition: str):
        return self.conditions[condition]
