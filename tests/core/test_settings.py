"""Settings from TOML: converted where it is harmless, refused with what is allowed."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Literal

import pytest

from detectkit.core import UsageError
from detectkit.core.settings import build, settings_of


@dataclass(frozen=True)
class Example:
    length: float
    traces: int = 3
    name: str = "a"
    quiet: bool = False
    method: Literal["linear", "cubic"] = "linear"
    band: tuple[float, float] = (0.0, 1.0)
    taps: tuple[int, ...] = ()
    limit: float | None = None
    window: tuple[float, float] | None = None
    farthest: float = math.inf


def built(**table: Any) -> Example:
    return build(Example, {"length": 1.0, **table}, where="step 2 'example'")


@pytest.mark.parametrize(
    ("name", "given", "value"),
    [
        ("length", 2, 2.0),
        ("traces", 7, 7),
        ("name", "b", "b"),
        ("quiet", True, True),
        ("method", "cubic", "cubic"),
        ("band", [1, 2.5], (1.0, 2.5)),
        ("taps", [1, 2, 3], (1, 2, 3)),
        ("taps", [], ()),
        ("limit", 4, 4.0),
        ("window", [0, 1], (0.0, 1.0)),
        ("farthest", math.inf, math.inf),
        ("farthest", 2, 2.0),
    ],
)
def test_a_value_becomes_what_the_setting_is(name: str, given: object, value: object) -> None:
    got = getattr(built(**{name: given}), name)
    assert got == value
    assert type(got) is type(value)
    if isinstance(value, tuple):
        assert [type(one) for one in got] == [type(one) for one in value]


@pytest.mark.parametrize(
    ("name", "given", "expected"),
    [
        ("length", "2", "float"),
        ("length", True, "float"),
        ("length", math.nan, "float"),
        ("length", math.inf, "a finite number"),
        ("length", [1.0], "float"),
        ("traces", 2.0, "int"),
        ("traces", True, "int"),
        ("name", 3, "str"),
        ("quiet", 1, "bool"),
        ("method", "nearest", "'linear' or 'cubic'"),
        ("method", ["linear"], "'linear' or 'cubic'"),
        ("band", [1.0], "tuple"),
        ("band", [1.0, 2.0, 3.0], "tuple"),
        ("band", 1.0, "tuple"),
        ("band", [0.0, math.inf], "a finite number"),
        ("band", ["a", 1.0], "float"),
        ("limit", "x", "float"),
        ("limit", math.inf, "a finite number"),
        ("window", [1.0], "tuple"),
        ("farthest", -math.inf, "a finite number"),
    ],
)
def test_a_wrong_value_is_refused_with_place_name_and_kind(
    name: str, given: object, expected: str
) -> None:
    with pytest.raises(UsageError) as caught:
        built(**{name: given})
    text = str(caught.value)
    assert text.startswith(f"step 2 'example': {name} = ")
    assert expected in text.split(": expected ")[1]


def test_an_unknown_setting_is_answered_with_all_of_them() -> None:
    with pytest.raises(UsageError, match="step 2 'example': no setting 'lenght'") as caught:
        built(lenght=2.0)
    text = str(caught.value)
    for part in ("length: float", "traces: int = 3", "method: Literal['linear', 'cubic']"):
        assert part in text


def test_a_step_without_settings_says_so() -> None:
    @dataclass(frozen=True)
    class Bare:
        pass

    with pytest.raises(UsageError, match="its settings: none"):
        build(Bare, {"x": 1}, where="step 1")


def test_a_missing_setting_is_named_with_its_kind() -> None:
    with pytest.raises(UsageError, match=r"'length' must be given \(length: float\)"):
        build(Example, {}, where="step 1")


def test_settings_come_back_as_toml_values() -> None:
    table = settings_of(built(band=[1, 2], limit=3))
    assert table["band"] == [1.0, 2.0]
    assert table["limit"] == 3.0
    assert "window" not in table, "TOML has no word for None"
    assert build(Example, table, where="") == built(band=[1, 2], limit=3)
