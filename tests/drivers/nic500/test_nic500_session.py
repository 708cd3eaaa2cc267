"""The conversation over REST, over real sockets, with the twin at the other end."""

from __future__ import annotations

import http.server
import json
import threading
import urllib.parse

import numpy as np
import pytest

from detectkit.core import ShapeError, UsageError
from detectkit.drivers import InstrumentError, Link, LinkError
from detectkit.testing.drivers import evenly
from detectkit_drivers.nic500.instrument import DataSocket, Nic500
from detectkit_drivers.nic500.rest import REASONS, Rest

SETTINGS = Nic500(points=200)


class Transport:
    def __init__(self, name: str) -> None:
        self.name = name


class Served:
    """A real HTTP server with a twin's `command` behind it; answers may be replaced."""

    def __init__(self, twin):
        self.twin = twin
        self.instead = {}
        self.asked = []
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                outer.answer(self, b"")

            def do_PUT(self):
                outer.answer(self, self.rfile.read(int(self.headers["Content-Length"])))

            def log_message(self, *args):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True)
        self.thread.start()

    @property
    def address(self):
        return f"tcp://127.0.0.1:{self.server.server_address[1]}"

    def answer(self, handler, body):
        self.asked.append((handler.command, handler.path, urllib.parse.unquote_plus(body.decode())))
        key = f"{handler.command} {handler.path.removeprefix('/api/')}"
        if key in self.instead:
            code, content = self.instead[key]
            handler.send_response(code)
            handler.send_header("Content-Length", str(len(content)))
            handler.end_headers()
            handler.wfile.write(content)
            return
        head = f"{handler.command} {handler.path} HTTP/1.1\r\nContent-Length: {len(body)}\r\n\r\n"
        handler.wfile.write(b"".join(self.twin.command(head.encode() + body)))

    def close(self):
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


@pytest.fixture
def served():
    server = Served(SETTINGS.twin())
    yield server
    server.close()


def reply(code: int, data: dict, *, kind: str = "ERROR") -> bytes:
    status = {"status_code": code, "message": "as documented", "type": kind}
    return json.dumps({"status": status, "data": data, "success": code == 0}).encode()


def link_to(address: str) -> Link:
    return Link(Transport(address))


def test_power_setup_start_and_stop_go_through_rest(served):
    session = SETTINGS.session()
    link = link_to(served.address)
    session.prepare(link)
    session.start(link)
    assert served.twin.running
    session.stop(link)
    assert not served.twin.running
    puts = [(path, body) for verb, path, body in served.asked if verb == "PUT"]
    assert puts[0] == ("/api/nic/power", 'data={"state": 2}')
    setup = json.loads(dict(puts)["/api/nic/setup"].removeprefix("data="))
    assert setup["gpr0"]["parameters"] == {
        "points_per_trace": 200,
        "time_sampling_interval_ps": 100,
        "point_stacks": 4,
        "trigger_mode": "Free",
        "window_time_shift_ps": -45000 - 20 * 100,
    }
    assert setup["timer"]["parameters"] == {"period_s": 0.02}


def test_a_run_left_over_is_stopped_first(served):
    first = SETTINGS.session()
    first.prepare(link_to(served.address))
    first.start(link_to(served.address))
    second = SETTINGS.session()
    second.prepare(link_to(served.address))
    second.start(link_to(served.address))
    assert served.twin.running


def test_a_gpr_without_reference_gets_the_sdks_default(served):
    body = reply(0, {"gpr": {"window_time_shift_reference_ps": None}}, kind="SUCCESS")
    served.instead["GET nic/gpr/system_information"] = (200, body)
    SETTINGS.session().prepare(link_to(served.address))
    setup = next(body for _, path, body in served.asked if path == "/api/nic/setup")
    assert '"window_time_shift_ps": -55000' in setup


@pytest.mark.parametrize("code", [4001, 4004, 4005, 8, 11])
@pytest.mark.parametrize("http_status", [200, 400])
def test_an_error_code_becomes_words(served, code: int, http_status: int):
    served.instead["PUT nic/setup"] = (http_status, reply(code, {}))
    with pytest.raises(InstrumentError) as caught:
        SETTINGS.session().prepare(link_to(served.address))
    assert REASONS[code] in str(caught.value)
    assert f"(code {code})" in str(caught.value)


@pytest.mark.parametrize("code", [912, 913])
def test_a_warning_is_kept_and_does_not_stop(served, code: int):
    body = reply(code, {"gpr0": {"parameters": {}}}, kind="WARNING")
    served.instead["PUT nic/setup"] = (200, body)
    session = SETTINGS.session()
    session.prepare(link_to(served.address))
    assert f"({code})" in str(session.health()["warnings"])


def test_other_points_than_asked_for_are_refused(served):
    body = reply(0, {"gpr0": {"parameters": {"points_per_trace": 100}}}, kind="SUCCESS")
    served.instead["PUT nic/setup"] = (200, body)
    with pytest.raises(InstrumentError, match="took points_per_trace = 100, not 200"):
        SETTINGS.session().prepare(link_to(served.address))


@pytest.mark.parametrize("body", [b"<html>", b"[]", b'{"data": 7}', b'{"status": "ok"}'])
def test_a_stranger_behind_the_address_is_recognised(served, body: bytes):
    served.instead["PUT nic/power"] = (200, body)
    with pytest.raises(InstrumentError, match="answers PUT nic/power"):
        SETTINGS.session().prepare(link_to(served.address))


def test_another_service_is_no_data_socket(served):
    served.instead["GET /api"] = (200, reply(0, {"name": "Printer"}, kind="SUCCESS"))
    with pytest.raises(LinkError, match="is 'Printer', not 'NIC-500 SDK'"):
        DataSocket(served.address).open()


def test_nobody_at_the_address_is_a_broken_link(served):
    address = served.address
    served.server.server_close()
    with pytest.raises(LinkError, match="does not answer"):
        DataSocket(address).open()


def test_health_is_asked_for_every_half_minute(served):
    session = SETTINGS.session()
    link = link_to(served.address)
    session.prepare(link)
    for now_s in (0, 1, 29, 31):
        session.poll(link, now_s * 1_000_000_000)
    assert [path for _, path, _ in served.asked].count("/api/nic/status") == 2
    assert session.health()["temperature_c"] == 32.4
    assert session.health()["input_v"] == 12.2


def test_the_documented_status_without_data_is_read(served):
    body = b'{"processor": {"temperature_c": 40.5}, "power": {"input_voltage": 11.9}}'
    served.instead["GET nic/status"] = (200, body)
    session = SETTINGS.session()
    session.prepare(link_to(served.address))
    session.poll(link_to(served.address), 0)
    assert session.health()["temperature_c"] == 40.5


def test_a_replayed_stream_is_not_commanded():
    session = SETTINGS.session()
    link = link_to("replay:flight.bin")
    session.prepare(link)
    session.start(link)
    session.stop(link)
    assert session.health() == {}


@pytest.mark.parametrize("address", ["tcp://192.168.20.221", "http://:8080"])
def test_an_address_without_host_or_port_is_refused(address: str):
    with pytest.raises(UsageError, match="must look like tcp://"):
        Rest(address)


def test_silence_is_judged_by_the_period():
    assert Nic500(period_s=0.01).silence_s == 3.0
    assert Nic500(period_s=60.0).silence_s == 180.0
    assert Nic500(trigger="Pulse").silence_s == 600.0


def test_a_twin_is_not_given_rows_of_another_length():
    with pytest.raises(ShapeError, match="200 points a trace, the rows have 70"):
        SETTINGS.twin().speak(evenly(np.zeros((1, 70)), rate_hz=10.0))


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"points": 69}, "points = 69: allowed are 70 to 30000"),
        ({"interval_ps": 75}, "interval_ps = 75: allowed are 50 to 6400 in steps of 50"),
        ({"stacks": 5}, "stacks = 5: allowed are 1, 2, 4, 6, 8, 16"),
        ({"period_s": 0.001}, "period_s = 0.001: allowed are 0.00125 to 60"),
        ({"trigger": "free"}, "trigger = 'free': allowed are 'Free' and 'Pulse'"),
        ({"window_time_shift_ps": 3}, "in steps of 5"),
    ],
)
def test_a_setting_out_of_range_is_refused_with_what_is_allowed(settings, words: str):
    with pytest.raises(UsageError, match=words):
        Nic500(**settings)


def test_a_recorded_stream_is_opened_as_it_is(tmp_path):
    recorded = tmp_path / "flight.bin"
    recorded.write_bytes(b"\x00" * 40)
    transport = SETTINGS.connect(f"replay:{recorded}")
    transport.open()
    assert transport.read(1.0) == b"\x00" * 40
    transport.close()
