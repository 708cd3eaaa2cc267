"""Status and events on disk: one line a second, one line each, for scripts and for afterwards."""

from __future__ import annotations

import json
import math
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TextIO

from detectkit.live.alarms import Alarm
from detectkit.live.health import Health


class JsonLines:
    """A file of JSON lines that a reader can follow; a full disk stops it, not the mission."""

    def __init__(self, path: Path) -> None:
        self.fault = ""
        self._file: TextIO | None = path.open("a", encoding="utf-8")

    def write(self, fields: dict[str, Any]) -> None:
        """Append one line and hand it to the system."""
        if self._file is None:
            return
        try:
            self._file.write(json.dumps(_plain(fields), allow_nan=False) + "\n")
            self._file.flush()
        except OSError as error:
            self.fault = str(error)
            self.close()

    def close(self) -> None:
        """Close the file; what a full disk did not take is lost."""
        file, self._file = self._file, None
        if file is not None:
            with suppress(OSError):
                file.close()


def status_line(health: Health, alarms: list[Alarm], *, flags: dict[str, Any]) -> dict[str, Any]:
    """Return one line of ``status.jsonl``.

    Its ``streams`` hold per stream ``received``, ``decoded``, ``dropped`` and ``durable`` rows
    and ``health``, the conditions of the alarms that hold for it, ``["ok"]`` for none.
    """
    line = health.to_dict()
    line["time"] = datetime.fromtimestamp(health.time_ns / 1e9, UTC).isoformat()
    for name, stream in line["streams"].items():
        own = {name, name.partition(".")[0]}
        stream["health"] = [one.condition for one in alarms if one.subject in own] or ["ok"]
    line["alarms"] = [
        {"condition": one.condition, "subject": one.subject, "text": one.text, "action": one.action}
        for one in alarms
    ]
    worst = {one.action for one in alarms}
    line["health"] = next((one for one in ("stop", "pause", "warn") if one in worst), "ok")
    return {**line, **flags}


def _plain(value: Any) -> Any:
    """Return a value as JSON knows it; what is not finite becomes null."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {str(name): _plain(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    return value
