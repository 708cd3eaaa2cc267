"""TCP and UDP against plain sockets of the standard library."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator

import pytest

from detectkit.drivers import LinkError, Transport
from detectkit.drivers.wires import open_transport, tcp, udp, wire

WAIT_S = 20.0


@pytest.fixture
def server() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(WAIT_S)
        yield listening


@pytest.fixture
def client(server: socket.socket) -> Iterator[Transport]:
    transport = open_transport(f"tcp://127.0.0.1:{server.getsockname()[1]}")
    transport.open()
    yield transport
    transport.close()


def opened_in_background(transport: Transport) -> threading.Thread:
    thread = threading.Thread(target=transport.open)
    thread.start()
    return thread


def port_of(transport: Transport) -> int:
    """Return the port that a listener took; it is told by its name once it listens."""
    until = time.monotonic() + WAIT_S
    while transport.name.endswith(":0"):
        assert time.monotonic() < until
        time.sleep(0.005)
    return int(transport.name.rpartition(":")[2])


def read_all(transport: Transport, size: int) -> bytes:
    until, data = time.monotonic() + WAIT_S, b""
    while len(data) < size:
        assert time.monotonic() < until, data
        data += transport.read(0.2)
    return data


class TestTcpClient:
    def test_bytes_go_both_ways_and_arrive_at_once(
        self, server: socket.socket, client: Transport
    ) -> None:
        with server.accept()[0] as peer:
            peer.sendall(b"hello")
            began = time.monotonic()
            assert read_all(client, 5) == b"hello"
            client.write(b"world")
            assert peer.recv(100) == b"world"
            assert time.monotonic() - began < WAIT_S / 2

    def test_a_quiet_peer_gives_no_bytes_after_the_time_limit(
        self, server: socket.socket, client: Transport
    ) -> None:
        with server.accept()[0]:
            began = time.monotonic()
            assert client.read(0.05) == b""
            assert time.monotonic() - began >= 0.045

    def test_a_peer_that_closes_breaks_the_link_after_its_last_bytes(
        self, server: socket.socket, client: Transport
    ) -> None:
        with server.accept()[0] as peer:
            peer.sendall(b"last")
        assert read_all(client, 4) == b"last"
        with pytest.raises(LinkError, match="hung up: the other side closed"):
            client.read(WAIT_S)

    def test_a_peer_that_resets_breaks_reading_and_writing(
        self, server: socket.socket, client: Transport
    ) -> None:
        peer = server.accept()[0]
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        peer.close()
        with pytest.raises(LinkError, match="hung up"):
            client.read(WAIT_S)
        with pytest.raises(LinkError, match="hung up"):
            client.write(b"more")

    def test_nobody_there_says_what_to_look_at(self) -> None:
        with socket.socket() as unused:
            unused.bind(("127.0.0.1", 0))
            transport = open_transport(f"tcp://127.0.0.1:{unused.getsockname()[1]}")
            with pytest.raises(LinkError, match="is the instrument on, and its address right"):
                transport.open()
            with pytest.raises(LinkError, match="is closed"):
                transport.read(0.0)

    def test_a_peer_that_takes_nothing_ends_the_write(
        self, server: socket.socket, client: Transport, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(wire, "WRITE_S", 0.1)
        with server.accept()[0], pytest.raises(LinkError, match=r"took no byte for 0\.1 s"):
            client.write(bytes(100_000_000))

    def test_a_slow_peer_gets_every_byte(self, server: socket.socket, client: Transport) -> None:
        data = bytes(range(256)) * 40_000
        got = bytearray()

        def drink(peer: socket.socket) -> None:
            while len(got) < len(data):
                got.extend(peer.recv(50_000))
                time.sleep(0.0005)

        with server.accept()[0] as peer:
            drinker = threading.Thread(target=drink, args=(peer,))
            drinker.start()
            client.write(data)
            drinker.join(WAIT_S)
        assert got == data

    def test_opened_again_it_is_a_new_connection(
        self, server: socket.socket, client: Transport
    ) -> None:
        server.accept()[0].close()
        with pytest.raises(LinkError, match="is open already"):
            client.open()
        client.close()
        client.close()
        client.open()
        with server.accept()[0] as peer:
            peer.sendall(b"again")
            assert read_all(client, 5) == b"again"

    def test_no_delay_and_keep_alive_are_set(self, client: Transport) -> None:
        assert isinstance(client, tcp.TcpClient)
        assert client._peer is not None
        assert client._peer.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
        assert client._peer.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)


class TestTcpServer:
    @pytest.fixture
    def listener(self) -> Iterator[Transport]:
        transport = open_transport("tcp-listen://127.0.0.1:0")
        yield transport
        transport.close()

    def test_waits_for_the_instrument_to_call(self, listener: Transport) -> None:
        opening = opened_in_background(listener)
        with socket.create_connection(("127.0.0.1", port_of(listener)), timeout=WAIT_S) as caller:
            opening.join(WAIT_S)
            caller.sendall(b"trace")
            assert read_all(listener, 5) == b"trace"
            listener.write(b"go")
            assert caller.recv(10) == b"go"

    def test_nobody_calling_is_a_broken_link(
        self, listener: Transport, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(tcp, "CALL_S", 0.05)
        with pytest.raises(LinkError, match=r"waited 0\.05 s, and nobody called"):
            listener.open()

    def test_a_second_call_replaces_a_first_caller_that_is_gone(self, listener: Transport) -> None:
        opening = opened_in_background(listener)
        where = ("127.0.0.1", port_of(listener))
        with socket.create_connection(where, timeout=WAIT_S) as silent:
            opening.join(WAIT_S)
            with socket.create_connection(where, timeout=WAIT_S):
                with pytest.raises(LinkError, match="called a second time"):
                    listener.read(WAIT_S)
                listener.close()
            opening = opened_in_background(listener)
            caller = call_until_answered(where)
            opening.join(WAIT_S)
            with caller:
                caller.sendall(b"new")
                assert read_all(listener, 3) == b"new"
            assert silent.fileno() >= 0

    def test_closing_ends_the_wait_for_a_call(self, listener: Transport) -> None:
        errors: list[LinkError] = []

        def opening() -> None:
            try:
                listener.open()
            except LinkError as error:
                errors.append(error)

        thread = threading.Thread(target=opening)
        thread.start()
        port_of(listener)
        listener.close()
        thread.join(WAIT_S)
        assert errors


def call_until_answered(where: tuple[str, int]) -> socket.socket:
    until = time.monotonic() + WAIT_S
    while True:
        try:
            return socket.create_connection(where, timeout=WAIT_S)
        except ConnectionRefusedError:
            assert time.monotonic() < until
            time.sleep(0.005)


class TestUdp:
    @pytest.fixture
    def peer(self) -> Iterator[socket.socket]:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as made:
            made.bind(("127.0.0.1", 0))
            made.settimeout(WAIT_S)
            yield made

    @pytest.fixture
    def listener(self) -> Iterator[Transport]:
        transport = open_transport("udp-listen://127.0.0.1:0")
        transport.open()
        yield transport
        transport.close()

    def test_a_client_speaks_first_and_hears_that_peer_only(self, peer: socket.socket) -> None:
        client = open_transport(f"udp://127.0.0.1:{peer.getsockname()[1]}")
        client.open()
        client.write(b"question")
        data, host = peer.recvfrom(100)
        assert data == b"question"
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
            stranger.sendto(b"noise", host)
        peer.sendto(b"answer", host)
        assert client.read(WAIT_S) == b"answer"
        client.close()

    def test_a_client_can_send_from_a_port_of_its_own(self, peer: socket.socket) -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            probe.bind(("127.0.0.1", 0))
            own = probe.getsockname()[1]
        client = open_transport(f"udp://127.0.0.1:{peer.getsockname()[1]}?bind={own}")
        client.open()
        client.write(b"x")
        assert peer.recvfrom(10)[1][1] == own
        client.close()

    def test_a_peer_that_does_not_listen_breaks_the_link(self, peer: socket.socket) -> None:
        client = open_transport(f"udp://127.0.0.1:{peer.getsockname()[1]}")
        client.open()
        peer.close()
        client.write(b"anybody?")
        with pytest.raises(LinkError, match="refused"):
            client.read(WAIT_S)
        client.close()

    def test_a_listener_keeps_datagrams_apart_and_answers_the_last_speaker(
        self, listener: Transport, peer: socket.socket
    ) -> None:
        where = ("127.0.0.1", port_of(listener))
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as first:
            first.sendto(b"one", where)
            assert listener.read(WAIT_S) == b"one"
        peer.sendto(b"two", where)
        peer.sendto(b"three", where)
        assert [listener.read(WAIT_S), listener.read(WAIT_S)] == [b"two", b"three"]
        listener.write(b"answer")
        assert peer.recv(10) == b"answer"

    def test_a_listener_that_speaks_first_waits_for_somebody_to_answer(
        self, listener: Transport, peer: socket.socket, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        peer.sendto(b"here", ("127.0.0.1", port_of(listener)))
        listener.write(b"hello")
        assert peer.recv(10) == b"hello"
        assert listener.read(WAIT_S) == b"here"
        listener.close()
        listener.open()
        monkeypatch.setattr(udp, "WRITE_S", 0.05)
        with pytest.raises(LinkError, match="has nobody to answer"):
            listener.write(b"hello")

    def test_a_taken_port_says_so(self, listener: Transport) -> None:
        other = open_transport(f"udp-listen://127.0.0.1:{port_of(listener)}")
        with pytest.raises(LinkError, match="is the port taken"):
            other.open()


@pytest.mark.parametrize("scheme", ["tcp", "udp-listen"])
def test_closing_from_another_thread_ends_a_read(scheme: str, server: socket.socket) -> None:
    port = server.getsockname()[1]
    address = f"tcp://127.0.0.1:{port}" if scheme == "tcp" else "udp-listen://127.0.0.1:0"
    for _ in range(20):
        transport = open_transport(address)
        transport.open()
        errors: list[LinkError] = []

        def read(transport: Transport = transport, errors: list[LinkError] = errors) -> None:
            try:
                transport.read(WAIT_S)
            except LinkError as error:
                errors.append(error)

        reader = threading.Thread(target=read)
        reader.start()
        began = time.monotonic()
        transport.close()
        reader.join(WAIT_S)
        assert time.monotonic() - began < WAIT_S / 2
        assert "is closed" in str(errors[0])
