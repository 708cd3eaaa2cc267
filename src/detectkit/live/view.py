"""The terminal view: what the operator sees over ssh, once a second, without a mouse."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from detectkit.core import Block, Indication
from detectkit.live.alarms import Alarm
from detectkit.live.health import Health, StreamHealth

COLOURS = {"warn": "yellow", "pause": "bold yellow", "stop": "bold red", "nothing": "dim"}
SHADES = " ▁▂▃▄▅▆▇█"
WIDTH = 64
"""Columns of the strip of energy along the line."""
LAST = 5


@dataclass(slots=True)
class Strip:
    """The energy of the last processed traces, as one line of blocks; drops what it must."""

    energy: deque[float] = field(default_factory=lambda: deque(maxlen=WIDTH))
    dropped: int = 0

    def push(self, block: Block) -> None:
        """Take processed traces: one figure for the whole block, the rest is dropped."""
        data = block.data.astype(np.float64)
        self.energy.append(float(np.sqrt(np.mean(data * data))) if data.size else 0.0)
        self.dropped += max(0, len(block) - 1)

    def text(self) -> str:
        """Return the strip, darkest for the strongest."""
        if not self.energy:
            return ""
        values = np.array(self.energy)
        highest = float(np.quantile(values, 0.98)) or 1.0
        step = np.clip(values / highest * (len(SHADES) - 1), 0, len(SHADES) - 1)
        return "".join(SHADES[int(one)] for one in step)


@dataclass(frozen=True, slots=True)
class Shown:
    """All that one screen needs."""

    name: str
    health: Health
    alarms: list[Alarm]
    last: Alarm | None
    indications: list[Indication]
    strip: str
    latency: str
    simulated: bool


def screen(shown: Shown) -> RenderableType:
    """Return one screen: state, streams, alarms, the last indications."""
    parts: list[RenderableType] = [_headline(shown), _streams(shown.health)]
    if shown.strip:
        parts.append(Text.assemble(("energy ", "dim"), shown.strip))
    parts += [_alarms(shown.alarms, shown.last), _indications(shown.indications)]
    title = f"{shown.name} · SIMULATED" if shown.simulated else shown.name
    return Panel(Group(*parts), title=title, border_style=_worst(shown.alarms))


def _worst(alarms: Iterable[Alarm]) -> str:
    worst = {one.action for one in alarms}
    return next((COLOURS[one] for one in ("stop", "pause", "warn") if one in worst), "green")


def _headline(shown: Shown) -> Text:
    health = shown.health
    if health.recording:
        state = ("● REC", "bold red")
    elif health.waiting:
        state = ("○ waits for take-off", "yellow")
    else:
        state = ("NOT RECORDING", "bold white on red")
    minutes, seconds = divmod(int(health.elapsed_s), 60)
    free = "?" if health.free_bytes is None else f"{health.free_bytes / 2**30:.1f} GiB left"
    height = health.platform.get("height_m", float("nan"))
    fix = health.platform.get("fix_quality", float("nan"))
    above = "height –" if np.isnan(height) else f"height {height:.2f} m"
    quality = {4.0: "RTK", 5.0: "float", 0.0: "no fix"}.get(fix, "–" if np.isnan(fix) else "GNSS")
    facts = (
        f"  {minutes}:{seconds:02d}  {health.written_bytes / 2**20:.1f} MiB  {free}  {above}  "
        f"{quality}  {shown.latency}"
    )
    return Text.assemble(state, facts)


def _streams(health: Health) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim")
    for name in ("stream", "link", "rows/s", "rows", "lost", "on disk", "age (s)"):
        table.add_column(name, justify="left" if name in {"stream", "link"} else "right")
    for name, one in sorted(health.streams.items()):
        instrument = health.instruments.get(name.partition(".")[0])
        table.add_row(name, "" if instrument is None else instrument.state, *_figures(one))
    silent = set(health.instruments) - {name.partition(".")[0] for name in health.streams}
    for name in sorted(silent):
        table.add_row(name, Text(health.instruments[name].state, "yellow"), "–", "0", "", "", "")
    return table


def _figures(one: StreamHealth) -> list[str]:
    age = "–" if one.age_s is None else f"{one.age_s:.1f}"
    return [f"{one.rate_hz:.1f}", f"{one.decoded:,}", f"{one.dropped:,}", f"{one.durable:,}", age]


def _alarms(alarms: list[Alarm], last: Alarm | None) -> RenderableType:
    lines = [Text(str(one), COLOURS[one.action]) for one in alarms]
    if not lines:
        lines = [Text("no alarm", "green")]
        if last is not None:
            lines.append(Text(f"last: {last}", "dim"))
    return Group(*lines)


def _indications(found: list[Indication]) -> RenderableType:
    if not found:
        return Text("no indication yet; that does not mean that nothing is there", "dim")
    lines = [Text(f"{len(found)} indications, unverified; the last:", "bold")]
    for one in found[-LAST:]:
        place = "no position"
        if one.longitude_deg is not None and one.latitude_deg is not None:
            place = f"{one.latitude_deg:.7f} {one.longitude_deg:.7f}"
        lines.append(
            Text(f"  {one.line}  {place}  depth {one.depth_m:.2f} m  score {one.score:.1f}")
        )
    return Group(*lines)
