"""Sensor, Pose and errors: the small values."""

from __future__ import annotations

import json

import numpy as np
import pytest

from detectkit.core import (
    DetectkitError,
    FormatError,
    MissingDependencyError,
    MissingSideFileError,
    PipelineError,
    Pose,
    Sensor,
    ShapeError,
    UnknownFormatError,
    UsageError,
)
from detectkit.core.sensor import KINDS

FULL = Sensor(
    id="gpr-2",
    kind="gpr",
    instrument="maker model",
    serial="7",
    antenna_hz=4e8,
    antenna_separation_m=0.16,
    full_scale=(-32768.0, 32767.0),
    blank_samples=2,
    unit="V",
    calibration="2024-05",
)


class TestSensor:
    @pytest.mark.parametrize("sensor", [Sensor(), FULL], ids=["default", "full"])
    def test_it_survives_the_way_through_json(self, sensor: Sensor) -> None:
        assert Sensor.from_dict(json.loads(json.dumps(sensor.to_dict()))) == sensor

    def test_every_field_differs_in_the_full_example(self) -> None:
        plain = Sensor().to_dict()
        same = [name for name, value in FULL.to_dict().items() if value == plain[name]]
        assert same == ["kind"]

    def test_names_of_later_versions_are_ignored(self) -> None:
        assert Sensor.from_dict({"id": "md", "colour": "red"}) == Sensor(id="md")

    def test_an_unknown_kind_is_answered_with_the_known(self) -> None:
        with pytest.raises(UsageError, match=r"'sonar' is not known.*gpr, metal_detector"):
            Sensor(kind="sonar")  # type: ignore[arg-type]

    @pytest.mark.parametrize("name", ["", "a/b"])
    def test_an_id_that_cannot_name_a_group_is_refused(self, name: str) -> None:
        with pytest.raises(UsageError, match="sensor id"):
            Sensor(id=name)

    @pytest.mark.parametrize("kind", KINDS)
    def test_all_kinds_are_accepted(self, kind: str) -> None:
        assert Sensor.from_dict({"kind": kind}).kind == kind


class TestPose:
    def test_only_a_whole_position_is_valid(self) -> None:
        pose = Pose.at(np.array([14.0, np.nan, 14.0]), np.array([50.0, 50.0, np.nan]))
        assert pose.valid.tolist() == [True, False, False]
        assert len(pose) == 3

    def test_what_is_not_given_is_unknown(self) -> None:
        pose = Pose.at(np.zeros(2), np.zeros(2), up_m=np.array([1.0, 2.0]))
        assert pose.up_m.tolist() == [1.0, 2.0]
        for name in ("horizontal_error_m", "roll_rad", "pitch_rad", "yaw_rad"):
            assert np.isnan(getattr(pose, name)).all()

    def test_arrays_of_different_length_are_refused_by_name(self) -> None:
        with pytest.raises(ShapeError, match=r"latitude_deg.*\(3,\)"):
            Pose.at(np.zeros(2), np.zeros(3))
        with pytest.raises(ShapeError, match="1-D"):
            Pose.at(np.zeros((2, 2)), np.zeros((2, 2)))


@pytest.mark.parametrize(
    ("error", "builtin"),
    [
        (UsageError, ValueError),
        (ShapeError, ValueError),
        (FormatError, ValueError),
        (UnknownFormatError, FormatError),
        (MissingSideFileError, FileNotFoundError),
        (MissingDependencyError, ImportError),
        (PipelineError, ValueError),
    ],
)
def test_errors_are_builtins_too(error: type[Exception], builtin: type[Exception]) -> None:
    assert isinstance(error("x"), builtin)
    assert issubclass(error, DetectkitError)
