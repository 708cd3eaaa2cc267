"""Settings of the user: typed, checked by name, and they replace what the file says."""

from __future__ import annotations

import pytest

from detectkit.core import Sensor, UsageError
from detectkit.io import Overrides, StreamHeader
from detectkit.io.overrides import COMMON, with_overrides

HEADER = StreamHeader(
    sensor=Sensor(instrument="Old", antenna_hz=400e6),
    line="L1",
    traces=5,
    samples=4,
    sample_interval_s=1e-10,
    trace_spacing_m=0.05,
)


class TestParsing:
    def test_assignments(self) -> None:
        parsed = Overrides.parse([" a = 1 ", "b=x=y"])
        assert dict(parsed) == {"a": "1", "b": "x=y"}

    @pytest.mark.parametrize("text", ["", "a", "a=", "=1", " = "])
    def test_what_is_no_assignment_is_refused(self, text: str) -> None:
        with pytest.raises(UsageError, match="NAME=VALUE"):
            Overrides.parse([text])


class TestTypes:
    def test_default_where_not_given(self) -> None:
        empty = Overrides()
        assert empty.number("a", None) is None
        assert empty.integer("a", 3) == 3
        assert empty.choice("a", ("x",), "y") == "y"
        assert len(empty) == 0

    @pytest.mark.parametrize("value", ["x", "nan", "inf", "-inf", "", "1,5"])
    def test_what_is_no_number_is_refused(self, value: str) -> None:
        with pytest.raises(UsageError, match="--set a="):
            Overrides({"a": value}).number("a", None)

    @pytest.mark.parametrize("value", ["1.5", "-1", "1e999", "x"])
    def test_what_is_no_count_is_refused(self, value: str) -> None:
        with pytest.raises(UsageError):
            Overrides({"a": value}).integer("a", None)

    def test_counts_may_be_written_as_numbers(self) -> None:
        assert Overrides({"a": "1e3"}).integer("a", None) == 1000

    def test_choice_lists_what_is_allowed(self) -> None:
        with pytest.raises(UsageError, match="use one of little, big"):
            Overrides({"a": "middle"}).choice("a", ("little", "big"), "little")


class TestNames:
    def test_unknown_name_is_refused_with_all_there_are(self) -> None:
        with pytest.raises(UsageError) as caught:
            Overrides({"wrong": "1"}).check_names({"bits": "per word"}, format_name="x")
        for name in (*COMMON, "bits", "wrong", "per word"):
            assert name in str(caught.value)

    def test_common_and_own_names_pass(self) -> None:
        settings = Overrides({**dict.fromkeys(COMMON, "1"), "bits": "8"})
        settings.check_names({"bits": "per word"}, format_name="x")


class TestApplying:
    def test_nothing_given_changes_nothing(self) -> None:
        assert with_overrides(HEADER, Overrides()) == HEADER

    def test_each_setting_lands_where_it_belongs(self) -> None:
        given = {
            "sample_interval_s": "2e-10",
            "first_twt_s": "-1e-9",
            "trace_spacing_m": "0.1",
            "antenna_hz": "9e8",
            "antenna_separation_m": "0.2",
            "permittivity": "5",
            "instrument": "New",
        }
        assert set(given) == set(COMMON)
        head = with_overrides(HEADER, Overrides(given))
        assert (head.sample_interval_s, head.first_twt_s) == (2e-10, -1e-9)
        assert (head.trace_spacing_m, head.permittivity) == (0.1, 5.0)
        assert head.sensor == Sensor(instrument="New", antenna_hz=9e8, antenna_separation_m=0.2)
        assert (head.line, head.traces, head.samples) == ("L1", 5, 4)

    def test_spacing_zero_takes_the_distance_away(self) -> None:
        assert with_overrides(HEADER, Overrides({"trace_spacing_m": "0"})).trace_spacing_m is None

    @pytest.mark.parametrize(
        "bad", [{"sample_interval_s": "0"}, {"sample_interval_s": "-1"}, {"trace_spacing_m": "-1"}]
    )
    def test_impossible_axes_are_refused(self, bad: dict[str, str]) -> None:
        with pytest.raises(UsageError, match="correct the --set value"):
            with_overrides(HEADER, Overrides(bad))
