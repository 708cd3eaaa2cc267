"""The twin's REST interface answers as the SDK's documentation says, errors included."""

from __future__ import annotations

import json
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detectkit_drivers.nic500.instrument import Nic500

ON = ("PUT", "nic/power", {"state": 2})
SET_UP = ("PUT", "nic/setup", {"gpr0": {"parameters": {}}, "timer": {"parameters": {}}})
START = ("PUT", "nic/acquisition", {"state": 1})
PAUSE = ("PUT", "nic/acquisition", {"state": 2})
STOP = ("PUT", "nic/acquisition", {"state": 0})


def ask(twin, verb: str, resource: str, data: object = None) -> dict:
    body = b"" if data is None else b"data=" + json.dumps(data).encode()
    request = f"{verb} /api/{resource} HTTP/1.1\r\nContent-Length: {len(body)}\r\n\r\n"
    (answer,) = twin.command(request.encode() + body)
    head, _, content = answer.partition(b"\r\n\r\n")
    assert f"Content-Length: {len(content)}".encode() in head
    return json.loads(content)


def parameters(**values: object) -> tuple[str, str, dict]:
    return ("PUT", "nic/setup", {"gpr0": {"parameters": values}})


@pytest.mark.parametrize(
    ("before", "last", "code"),
    [
        ([], SET_UP, 4001),
        ([], START, 4001),
        ([], ("GET", "nic/gpr/system_information"), 4001),
        ([ON], START, 4005),
        ([ON], STOP, 4003),
        ([ON, SET_UP], PAUSE, 4003),
        ([ON, SET_UP, START], START, 4004),
        ([ON, SET_UP, START], SET_UP, 4004),
        ([ON, SET_UP, START], PAUSE, 0),
        ([ON, SET_UP, START], STOP, 0),
        ([ON], parameters(points_per_trace=69), 8),
        ([ON], parameters(point_stacks=5), 8),
        ([ON], parameters(trigger_mode="Odometer"), 8),
        ([ON], parameters(points_per_trace="many"), 11),
        ([ON], parameters(colour=3), 912),
        ([ON], parameters(time_sampling_interval_ps=120), 913),
        ([ON], ("PUT", "nic/setup", {"gpr0": {}}), 11),
        ([ON], ("PUT", "nic/setup", {"timer": {"parameters": {"period_s": 0.001}}}), 8),
        ([ON], ("PUT", "nic/acquisition", {"state": "1"}), 11),
        ([ON], ("PUT", "nic/acquisition", {"state": 3}), 8),
        ([], ("GET", "nic/colour"), 9),
    ],
)
def test_codes_follow_the_state(before, last, code: int):
    twin = Nic500().twin()
    for request in before:
        assert ask(twin, *request)["success"]
    reply = ask(twin, *last)
    assert reply["status"]["status_code"] == code
    assert reply["success"] == (code in {0, 912, 913})


def test_a_value_off_the_steps_is_rounded():
    twin = Nic500().twin()
    ask(twin, *ON)
    reply = ask(twin, *parameters(time_sampling_interval_ps=120))
    assert reply["data"]["gpr0"]["parameters"]["time_sampling_interval_ps"] == 100


def test_the_period_sets_the_rate():
    twin = Nic500().twin()
    ask(twin, *ON)
    ask(twin, "PUT", "nic/setup", {"timer": {"parameters": {"period_s": 0.00125}}})
    assert twin.rate_hz == pytest.approx(800.0)


@given(st.lists(st.integers(1, 200), max_size=6))
def test_a_request_may_come_in_pieces(cuts: list[int]):
    twin = Nic500().twin()
    body = b"data=%7B%22state%22%3A+2%7D"
    request = b"PUT /api/nic/power HTTP/1.1\r\ncontent-length: 27\r\n\r\n" + body
    edges = sorted({0, len(request), *(min(cut, len(request)) for cut in cuts)})
    answers = [one for start, stop in pairwise(edges) for one in twin.command(request[start:stop])]
    assert len(answers) == 1
    assert b'"state": 2' in answers[0]


def test_half_a_request_of_a_client_that_gave_up_is_forgotten():
    twin = Nic500().twin()
    assert twin.command(b"PUT /api/nic/power HTTP/1.1\r\nContent-Le") == []
    assert ask(twin, "GET", "nic/power")["data"] == {"state": 1}
