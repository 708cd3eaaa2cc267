"""``detectkit drivers`` tells what can be connected, and how it stands in a mission."""

from __future__ import annotations

import tomllib

import pytest
import typer
from typer.testing import CliRunner

from detectkit.cli import drivers as command
from detectkit.core import UsageError
from detectkit.core.settings import build
from detectkit.drivers import Instrument, driver_names, instrument_class

from .beacon import Beacon

app = typer.Typer()
app.command()(command.drivers)


def said(*words: str) -> str:
    answer = CliRunner().invoke(app, list(words))
    assert answer.exit_code == 0, answer.output
    return answer.output


def test_the_list_names_every_driver_with_its_address() -> None:
    lines = said().splitlines()
    for name in driver_names():
        (line,) = [one for one in lines if one.split(" ")[0] == name]
        assert instrument_class(name).title in line
        assert instrument_class(name).address in line


def test_a_driver_that_cannot_be_loaded_does_not_hide_the_others(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def load(name: str) -> type[Instrument]:
        if name == "broken":
            msg = "install it"
            raise UsageError(msg)
        return Beacon

    monkeypatch.setattr(command, "driver_names", lambda: ("beacon", "broken"))
    monkeypatch.setattr(command, "instrument_class", load)
    text = said()
    assert "Invented beacon" in text
    assert "cannot be used: install it" in text


def test_a_page_explains_each_setting() -> None:
    text = command.page(Beacon)
    assert "An invented beacon." in text
    assert "| `rate_hz` | float | `100.0` | Rows a second. |" in text


@pytest.mark.parametrize("name", driver_names())
def test_the_example_of_each_driver_is_a_table_that_works(name: str) -> None:
    kind = instrument_class(name)
    (table,) = tomllib.loads(command.example(kind))["instrument"]
    assert (table["driver"], table["connect"]) == (name, kind.address)
    assert build(kind, table.get("settings", {}), where=name) == kind()


def test_an_unknown_driver_is_refused_with_the_nearest() -> None:
    error = CliRunner().invoke(app, ["zgrp"]).exception
    assert isinstance(error, UsageError)
    assert "zgpr" in str(error)
