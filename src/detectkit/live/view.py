"""The terminal view: what the operator sees over ssh, once a second, without a mouse.

Every line keeps to the width and all lines together to the height. What matters stands in words
and in reverse video, so that it is read without colours too; what is wrong stands on top.
"""

from __future__ import annotations

import math
import textwrap
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from rich.console import Group, RenderableType
from rich.text import Text

from detectkit.core import Block, Indication
from detectkit.core.indication import UNKNOWN
from detectkit.live.alarms import SENSORS, Alarm, Past
from detectkit.live.health import Health, InstrumentHealth, StreamHealth

COLOURS = {"warn": "bold yellow", "pause": "bold reverse yellow", "stop": "bold reverse red"}
SHADES = " ▁▂▃▄▅▆▇█"
STRIP = 200
"""Columns of the strip of energy that are kept; the newest are shown."""
FIXES = {0: "no fix", 1: "GNSS", 2: "DGNSS", 4: "RTK fixed", 5: "RTK float", 6: "dead reckoning"}
GRAVE = frozenset({"pause", "stop"})
SHOWN_PAST = 2
LEAST_INDICATIONS = 3
SHOWN_INDICATIONS = 40
COLUMNS = "  {:<16}{:<11}{:>8}{:>9}{:>8}{:>12}{:>8}"
HEADER = COLUMNS.format("instrument", "link", "rows/s", "nominal", "lost", "on disk", "age (s)")


@dataclass(slots=True)
class Strip:
    """The energy of the last processed traces, as one line of blocks; drops what it must."""

    energy: deque[float] = field(default_factory=lambda: deque(maxlen=STRIP))
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
    """All that one screen needs.

    Parameters
    ----------
    name, simulated
        The mission, and whether its instruments are virtual.
    health
        What everything does.
    alarms, past
        Those that hold, the gravest first, and those that are over, the newest last.
    indications
        In the order they were found.
    strip
        The last energies.
    behind_m, behind_s
        By how much the picture trails the radar: the pipeline's own reach along the line, and the
        time that 99 % of the traces take at most; None while that is not known.
    """

    name: str
    health: Health
    alarms: Sequence[Alarm] = ()
    past: Sequence[Past] = ()
    indications: Sequence[Indication] = ()
    strip: str = ""
    behind_m: float = 0.0
    behind_s: float | None = None
    simulated: bool = False


def screen(shown: Shown, *, width: int = 80, height: int = 24) -> RenderableType:
    """Return one screen of at most `height` lines of `width` columns."""
    top = [_state(shown, width), Text(_place(shown.health))]
    table = list(_table(shown, max(3, height - 13)))
    strip = [] if not shown.strip else [Text(_strip(shown, width), "dim")]
    found = _indications(shown.indications)
    room = height - len(top) - len(table) - len(strip) - min(len(found), 1 + LEAST_INDICATIONS)
    wrong = _wrong(shown, width, max(2, room))
    lines = [*top, *wrong, *table, *strip, *found][:height]
    for line in lines:
        line.no_wrap, line.overflow = True, "ellipsis"
        line.truncate(width, overflow="ellipsis")
    return Group(*lines)


def state_words(health: Health) -> str:
    """Say whether what arrives is recorded."""
    if health.recording:
        return "RECORDING"
    return "NOT RECORDING YET, waits for take-off" if health.waiting else "NOT RECORDING"


def clock_words(seconds: float) -> str:
    """Return a time as minutes and seconds.

    Examples
    --------
    >>> clock_words(605.2)
    '10:05'
    """
    minutes, rest = divmod(int(seconds), 60)
    return f"{minutes}:{rest:02d}"


def place_words(one: Indication) -> str:
    """Return where an indication lies, in degrees."""
    if one.longitude_deg is None or one.latitude_deg is None:
        return "no position"
    return _degrees(one.latitude_deg, one.longitude_deg)


def depth_words(one: Indication) -> str:
    """Return the depth of an indication and its standard deviation; a detector tells none."""
    if not math.isfinite(one.depth_m):
        return "depth not told"
    return f"depth {one.depth_m:.2f} ± {one.depth_error_m:.2f} m"


def chance_words(one: Indication) -> str:
    """Return the probability of an indication; a mark where its evidence is unlike any known."""
    if one.probability is None:
        return ""
    return "p ?" if one.category == UNKNOWN else f"p {one.probability:.2f}"


def _state(shown: Shown, width: int) -> Text:
    """Return the bar on top: it fills the line, and its words say what is recorded."""
    health = shown.health
    free = "?" if health.free_bytes is None else f"{health.free_bytes / 2**30:.1f}"
    words = [
        f" {state_words(health)}  {clock_words(health.elapsed_s)}",
        *(["SIMULATED"] if shown.simulated else []),
        shown.name,
        f"{health.written_bytes / 2**20:.1f} MiB, {free} GiB left ",
    ]
    if health.recording:
        style = "bold reverse green"
    else:
        style = "bold reverse yellow" if health.waiting else "bold reverse red"
    return Text("  ".join(words).ljust(width), style)


def _place(health: Health) -> str:
    """Return where the platform is, how good that is, how high and how fast."""
    platform = {name: one for name, one in health.platform.items() if not math.isnan(one)}
    words = ["no position"]
    if "longitude_deg" in platform and "latitude_deg" in platform:
        quality = platform.get("fix_quality")
        fix = "fix unknown" if quality is None else FIXES.get(int(quality), f"fix {quality:g}")
        error = platform.get("horizontal_error_m")
        within = "" if error is None else f" ±{error:.2f} m"
        words = [_degrees(platform["latitude_deg"], platform["longitude_deg"]), fix + within]
    height, speed = platform.get("height_m"), platform.get("speed_m_per_s")
    words.append("height unknown" if height is None else f"height {height:.2f} m")
    words += [] if speed is None else [f"{speed:.1f} m/s"]
    return " " + "  ".join(words)


def _degrees(latitude_deg: float, longitude_deg: float) -> str:
    north = f"{abs(latitude_deg):.7f} {'N' if latitude_deg >= 0.0 else 'S'}"
    return f"{north} {abs(longitude_deg):.7f} {'E' if longitude_deg >= 0.0 else 'W'}"


def _wrong(shown: Shown, width: int, room: int) -> list[Text]:
    """Return what is wrong, the gravest first, then what was; no more lines than there is room."""
    now: list[Text] = []
    for one in shown.alarms:
        mark = "!!" if one.action in GRAVE else "! "
        wrapped = textwrap.wrap(str(one), width - 4, max_lines=2, placeholder=" …")
        heads = [mark, *["  "] * (len(wrapped) - 1)]
        now += [
            Text(f" {head} {words}".ljust(width), COLOURS.get(one.action, "dim"))
            for head, words in zip(heads, wrapped, strict=True)
        ]
    if not now:
        now = [Text(" no alarm", "green")]
    was = [_past(one) for one in _remembered(shown.past)]
    if len(now) > room:
        hidden = len(now) - room + 1
        return [*now[: room - 1], Text(f" ! and {hidden} more lines of alarms", "bold yellow")]
    return [*now, *was[: room - len(now)]]


def _remembered(past: Sequence[Past]) -> list[Past]:
    """Return what is over and still to be seen: the last grave alarm, then the newest."""
    newest = list(reversed(past))
    grave = [one for one in newest if one.alarm.action in GRAVE][:1]
    return [*grave, *(one for one in newest if one not in grave)][:SHOWN_PAST]


def _past(one: Past) -> Text:
    when = f"{clock_words(one.began_s)} to {clock_words(one.ended_s)}"
    return Text(f"    over, {when}: {one.alarm}", "dim")


def _table(shown: Shown, most: int) -> Iterator[Text]:
    """Yield one line for each instrument: sensors first, the streams of helpers folded."""
    yield Text(HEADER, "dim")
    wrong = {one.subject.partition(".")[0] for one in shown.alarms}
    instruments = shown.health.instruments
    names = sorted(instruments, key=lambda name: instruments[name].kind not in SENSORS)
    if len(names) > most:
        names.sort(key=lambda name: name not in wrong)
    for name in names[: most if len(names) <= most else most - 1]:
        style = "bold yellow" if name in wrong else ""
        words = _row(name, instruments[name], shown.health.streams)
        yield Text(f"{'!' if name in wrong else ' '}{words[1:]}", style)
    if len(names) > most:
        yield Text(f"  and {len(names) - most + 1} more instruments", "dim")


def _row(name: str, one: InstrumentHealth, streams: Mapping[str, StreamHealth]) -> str:
    """Return the figures of an instrument: of its main stream, else of all together."""
    of_it = {key: stream for key, stream in streams.items() if key.partition(".")[0] == name}
    own = [of_it[name]] if name in of_it else list(of_it.values())
    if not own:
        return COLUMNS.format(name[:15], one.state, "–", "", "", "0", "")
    label = name if len(own) == 1 else f"{name[:10]} ({len(own)})"
    nominal = own[0].nominal_hz if len(own) == 1 else None
    ages = [stream.age_s for stream in own if stream.age_s is not None]
    return COLUMNS.format(
        label[:15],
        one.state,
        f"{sum(stream.rate_hz for stream in own):.1f}",
        "" if nominal is None else f"{nominal:g}",
        f"{sum(stream.dropped for stream in own):,}",
        f"{sum(stream.durable for stream in own):,}",
        f"{min(ages):.1f}" if ages else "–",
    )


def _strip(shown: Shown, width: int) -> str:
    """Return the strip with what it trails by."""
    words = f"  trails {shown.behind_m:.2f} m"
    words += "" if shown.behind_s is None else f" + {shown.behind_s:.2f} s"
    room = max(10, width - len(" energy ") - len(words) - 1)
    return f" energy {shown.strip[-room:]:<{room}}{words}"


def _indications(found: Sequence[Indication]) -> list[Text]:
    """Return the indications, the latest first, numbered by their score so far."""
    if not found:
        return [Text(" no indication yet; that does not mean that nothing is there", "dim")]
    order = sorted(range(len(found)), key=lambda at: -found[at].score)
    ranks = {at: rank for rank, at in enumerate(order, start=1)}
    weighed = any(one.probability is not None for one in found)
    title = f" {len(found)} indications, unverified; the latest first, #1 is the strongest"
    lines = [Text(f"{title}; p by model" if weighed else title, "bold")]
    for at in reversed(range(max(0, len(found) - SHOWN_INDICATIONS), len(found))):
        one = found[at]
        rank, score = f"#{ranks[at]}", f"score {one.score:.1f}"
        chance = f"{chance_words(one):<8}" if weighed else ""
        words = f"  {rank:<5}{score:<12}{chance}{depth_words(one):<22}"
        words += f"{place_words(one)}  {one.line}"
        lines.append(Text(words))
    return lines
