"""Alarms and indications reach the autopilot, as its virtual twin hears them over UDP."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flights import simulator
from healths import indication
from pymavlink.dialects.v20 import ardupilotmega as dialect

from detectkit.drivers import build_instrument
from detectkit.drivers.bench import Bench
from detectkit.io.journal import Record
from detectkit.live.alarms import Alarm
from detectkit.live.announcing import Announcer
from detectkit.live.connection import Connection
from detectkit.live.intake import Intake, WorkQueue
from detectkit.live.twins import source_of
from detectkit.product.compact import decode

HOLD = Alarm("stalled", "gpr", "silent for 2.1 s", "pause")
WARN = Alarm("disk_low", "", "100 MiB left on the disk", "warn")


class NoDisk:
    """A recorder that keeps nothing."""

    def put(self, source, kind, data, *, arrival_ns, utc_ns, then) -> Record:
        record = Record(0, source, kind, arrival_ns, utc_ns, data)
        then(record)
        return record


def ground_station() -> bytes:
    """Return the heartbeat of a ground station behind the autopilot; indications are for it."""
    voice = dialect.MAVLink(None, srcSystem=255, srcComponent=190)
    return dialect.MAVLink_heartbeat_message(6, 8, 0, 0, 4, 3).pack(voice)


@pytest.fixture
def autopilot(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Connection, Any]]:
    """A connection to a virtual autopilot, and the twin that hears."""
    instrument = build_instrument("mavlink", {}, where="test")
    twin = instrument.twin()
    speak, station = twin.speak, ground_station()
    monkeypatch.setattr(twin, "speak", lambda measured: [*speak(measured), station])
    source = source_of(simulator(), "autopilot", twin.rate_hz)
    with Bench(twin, source, serve="udp-listen://127.0.0.1:0") as bench:
        intake = Intake(NoDisk(), WorkQueue())
        one = Connection("autopilot", instrument, bench.address, intake, lambda: None)
        thread = threading.Thread(target=one.run)
        thread.start()
        until(lambda: one.state == "streaming")
        yield one, twin
        one.stop()
        thread.join(20.0)


def until(holds: Callable[[], Any]) -> Any:
    end = time.monotonic() + 20.0
    while not (found := holds()):
        assert time.monotonic() < end, "it did not come to pass"
        time.sleep(0.01)
    return found


def heard(twin: Any, kind: str) -> list[Any]:
    return [one for one in list(twin.heard) if one.get_type() == kind]


def test_alarms_are_said_in_words_with_their_urgency(autopilot: tuple[Connection, Any]) -> None:
    one, twin = autopilot
    announcer = Announcer({"autopilot": one})
    announcer.tell([HOLD, WARN], [], [])
    announcer.tell([], [HOLD, WARN], [])
    texts = until(lambda: len(found := heard(twin, "STATUSTEXT")) >= 3 and found)
    told = {text.text: text.severity for text in texts}
    grave = next(level for text, level in told.items() if text.startswith("HOLD: gpr: silent"))
    warned = next(level for text, level in told.items() if "100 MiB left" in text)
    over = next(level for text, level in told.items() if text.startswith("over: HOLD"))
    assert grave < warned < over
    assert len(texts) == 3


def test_each_indication_is_told_once_as_numbers(autopilot: tuple[Connection, Any]) -> None:
    one, twin = autopilot
    announcer = Announcer({"autopilot": one})
    first, second = indication(score=7.5), indication(score=4.25, trace=300)
    announcer.tell([], [], [first])
    announcer.tell([], [], [first, second])
    announcer.tell([], [], [first, second])
    payloads = until(lambda: len(found := heard(twin, "TUNNEL")) >= 2 and found)
    decoded = [decode(bytes(one.payload[: one.payload_length])) for one in payloads]
    assert [one.trace for one in decoded] == [100, 300]
    assert all(one.payload_type >= 32768 for one in payloads)
    scores = until(lambda: heard(twin, "NAMED_VALUE_FLOAT"))
    assert scores[-1].name == "dk_score"
    texts = until(lambda: [one.text for one in heard(twin, "STATUSTEXT")])
    assert texts[0].startswith("1 indications, unverified")
