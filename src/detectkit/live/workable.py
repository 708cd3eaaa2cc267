"""Whether a mission can work at all, told before anything flies."""

from __future__ import annotations

import shutil
from pathlib import Path

from detectkit.core import UsageError
from detectkit.detect.settings import Detection
from detectkit.mission import Mission
from detectkit.pipeline import Pipeline


def check_workable(mission: Mission) -> None:
    """Refuse a mission of which it can be told on the ground that it cannot work.

    What shows only with the first traces, such as a step that does not suit the radar, stops the
    live result in flight, never the recording.

    Raises
    ------
    PipelineError
        A step needs the whole line.
    UsageError
        The recording is to begin at take-off, but no autopilot tells it.
    """
    if mission.pipeline_toml:
        pipeline = Pipeline.from_toml(mission.pipeline_toml)
        pipeline.check_live()
        detection = Detection.of(pipeline)
        if detection is not None:
            Pipeline(detection.steps).check_live()
    kinds = {mount.instrument().kind for mount in mission.mounts}
    if mission.record.begin == "takeoff" and "autopilot" not in kinds:
        msg = (
            "[record] begin = 'takeoff', but the mission has no autopilot that tells it; add one, "
            "or begin = 'always'"
        )
        raise UsageError(msg)


def shortage(mission: Mission, folder: Path) -> str:
    """Say that the disk of a flight's folder, which need not exist, has no room; "" else."""
    wanted = mission.record.minimum_free_bytes
    place = next(one for one in (folder, *folder.absolute().parents) if one.exists())
    try:
        free = shutil.disk_usage(place).free
    except OSError as error:
        return f"{place}: the disk does not answer ({error.strerror or error})"
    if free >= wanted:
        return ""
    return (
        f"{folder}: {free / 1e6:.0f} MB are free on the disk, {wanted / 1e6:.0f} MB are to stay "
        "free; make room or use another disk"
    )
