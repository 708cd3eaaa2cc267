"""Addresses say what is wrong with them, and which there are."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detectkit.core import UsageError
from detectkit.drivers.wires import EXAMPLES, Reconnect, open_transport, parse_address


@pytest.mark.parametrize("example", EXAMPLES.values())
def test_each_example_makes_a_transport_of_that_name(example: str) -> None:
    assert open_transport(example).name == example


@pytest.mark.parametrize(
    "address",
    [
        "",
        "/dev/ttyUSB0",
        "COM3",
        "serial:",
        "serial://dev/ttyUSB0",
        "tcp:192.168.0.10:23",
        "tcp://192.168.0.10",
        "tcp://:23",
        "tcp://host:0",
        "tcp://host:99999",
        "tcp://host:port",
        "udp://host:5000/path",
        "udp-listen://0.0.0.0",
        "http://host:80",
        "tcp://user@host:23",
        "tcp://[::1:23",
    ],
)
def test_a_bad_address_is_refused_with_an_example_of_each_scheme(address: str) -> None:
    with pytest.raises(UsageError) as caught:
        open_transport(address)
    assert repr(address) in str(caught.value)
    assert all(example in str(caught.value) for example in EXAMPLES.values())


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("serial:/dev/ttyUSB0?speed=9600", "takes baud, parity, stopbits, rtscts"),
        ("serial:/dev/ttyUSB0?baud=fast", "baud=fast must be a number above 0"),
        ("serial:/dev/ttyUSB0?baud=inf", "baud=inf must be a number above 0"),
        ("serial:/dev/ttyUSB0?parity=even", "parity=even must be one of N, E, O"),
        ("serial:/dev/ttyUSB0?stopbits=3", "must be one of 1, 1.5, 2"),
        ("serial:/dev/ttyUSB0?baud", "options are not name=value"),
        ("tcp://host:23?baud=1", "takes no options"),
        ("udp://host:23?port=1", "takes bind"),
        ("replay:file.bin?rate=-1", "rate=-1 must be a number above 0"),
    ],
)
def test_a_bad_option_is_refused_with_what_is_allowed(address: str, words: str) -> None:
    with pytest.raises(UsageError, match=words.replace("?", r"\?")):
        open_transport(address)


@given(st.text(max_size=40))
def test_any_text_is_an_address_or_a_usage_error(text: str) -> None:
    for address in (text, f"tcp://{text}", f"serial:{text}", f"udp-listen://{text}:1?{text}"):
        try:
            parsed = parse_address(address)
        except UsageError:
            continue
        assert parsed.scheme in EXAMPLES
        assert 0 <= parsed.port <= 65535


def test_a_network_address_is_taken_apart() -> None:
    parsed = parse_address("udp-listen://[::1]:14550?a=1&b=x")
    assert (parsed.host, parsed.port, parsed.options) == ("::1", 14550, {"a": "1", "b": "x"})
    assert parse_address("tcp-listen://:4001").host == "0.0.0.0"


def test_pauses_grow_to_a_limit_and_begin_anew_after_success() -> None:
    policy = Reconnect(first_s=0.5, factor=3.0, longest_s=4.0)
    for _ in range(2):
        pauses = policy.delays()
        assert [next(pauses) for _ in range(5)] == [0.5, 1.5, 4.0, 4.0, 4.0]


@pytest.mark.parametrize("settings", [{"first_s": 0.0}, {"factor": 0.9}, {"longest_s": 0.1}])
def test_a_policy_without_pauses_is_refused(settings: dict[str, float]) -> None:
    with pytest.raises(UsageError, match="0 < first_s <= longest_s"):
        Reconnect(**settings)
