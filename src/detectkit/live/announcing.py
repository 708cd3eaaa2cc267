"""Announcing: alarms in words and indications as numbers, to those who can hear them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from detectkit.core import Indication
from detectkit.drivers import Announcement
from detectkit.live.alarms import Alarm
from detectkit.live.connection import Connection
from detectkit.product.compact import encode


@dataclass(slots=True)
class Announcer:
    """Tells every instrument what is new; those that show nothing ignore it."""

    connections: Mapping[str, Connection]
    _told: int = 0

    def tell(
        self, begun: Sequence[Alarm], ended: Sequence[Alarm], found: Sequence[Indication]
    ) -> None:
        """Announce alarms that begin or end, and those of all indications that are new."""
        news = [*_alarms(begun, ended), *_indications(found[self._told :], len(found))]
        self._told = len(found)
        for connection in self.connections.values():
            for one in news:
                connection.announce(one)


def _alarms(begun: Sequence[Alarm], ended: Sequence[Alarm]) -> Iterator[Announcement]:
    for one in begun:
        yield Announcement(str(one), "alarm" if one.action in {"pause", "stop"} else "warning")
    for one in ended:
        if one.action in {"pause", "stop"}:  # people were asked to act on it
            yield Announcement(f"over: {one}", "note")


def _indications(new: Sequence[Indication], number: int) -> Iterator[Announcement]:
    for one in new:
        yield Announcement(values={"dk_score": one.score}, payload=encode(one))
    if new:
        yield Announcement(f"{number} indications, unverified")
