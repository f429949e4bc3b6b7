"""One suite over every kind of port."""

from __future__ import annotations

import grp
import os
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from firmware_bridge.errors import (
    PortBusyError,
    PortClosedError,
    PortError,
    PortNotFoundError,
    PortPermissionError,
    PortUsageError,
)
from firmware_bridge.ports import (
    Port,
    PtyPort,
    TcpListenerPort,
    TcpPort,
    open_port,
    parse_address,
    tcp_port,
)
from firmware_bridge.ports.serial_port import permission_advice

BAUD = 115_200
Pair = tuple[Port, Port]


def _serial(stack: ExitStack) -> Pair:
    far = stack.enter_context(PtyPort.create())
    return stack.enter_context(open_port(far.path, BAUD)), far


def _pty(stack: ExitStack) -> Pair:
    near, far = reversed(_serial(stack))
    return near, far


def _tcp(stack: ExitStack) -> Pair:
    far = stack.enter_context(TcpListenerPort("127.0.0.1", 0))
    near = stack.enter_context(open_port(far.name, BAUD))
    assert far.read(0.05) == b""  # the listener takes the host in when it reads
    return near, far


def _listener(stack: ExitStack) -> Pair:
    near, far = reversed(_tcp(stack))
    return near, far


KINDS: dict[str, Callable[[ExitStack], Pair]] = {
    "serial": _serial,
    "pty": _pty,
    "tcp": _tcp,
    "listener": _listener,
}


@pytest.fixture(params=KINDS)
def pair(request: pytest.FixtureRequest) -> Iterator[Pair]:
    with ExitStack() as stack:
        yield KINDS[request.param](stack)


def read_exactly(port: Port, count: int, limit_s: float = 5.0) -> bytes:
    data = b""
    until_s = time.monotonic() + limit_s
    while len(data) < count and time.monotonic() < until_s:
        data += port.read(0.1)
    return data


def test_every_byte_value_passes_both_ways(pair: Pair):
    sent = bytes(range(256)) * 4
    for here, there in (pair, pair[::-1]):
        here.write(sent, 1.0)
        assert read_exactly(there, len(sent)) == sent


def test_much_data_passes_while_it_is_drained(pair: Pair):
    near, far = pair
    sent = os.urandom(200_000)
    got: list[bytes] = []
    reader = threading.Thread(target=lambda: got.append(read_exactly(near, len(sent))))
    reader.start()
    far.write(sent, 5.0)
    reader.join()
    assert got == [sent]


def test_a_read_returns_with_the_first_bytes_and_not_later_than_its_time(pair: Pair):
    near, far = pair
    start_s = time.monotonic()
    assert near.read(0.05) == b""
    assert 0.045 <= time.monotonic() - start_s < 1.0
    far.write(b"x", 1.0)
    start_s = time.monotonic()
    assert near.read(30.0) == b"x"
    assert time.monotonic() - start_s < 5.0


def test_a_write_that_nobody_reads_is_bounded(pair: Pair):
    near, _ = pair
    start_s = time.monotonic()
    with pytest.raises(PortError, match="nobody reads"):
        near.write(bytes(20_000_000), 0.2)
    assert time.monotonic() - start_s < 5.0


def test_closing_twice_is_no_error_and_use_after_it_is(pair: Pair):
    near, _ = pair
    near.close()
    near.close()
    with pytest.raises(PortClosedError, match="this side"):
        near.read(0.0)
    with pytest.raises(PortError):
        near.write(b"x", 0.1)


def test_ports_have_a_name(pair: Pair):
    assert all(port.name for port in pair)


@pytest.mark.parametrize("kind", ["serial", "tcp"])
def test_a_host_is_told_that_the_far_side_is_gone(kind: str):
    with ExitStack() as stack:
        near, far = KINDS[kind](stack)
        far.close()
        with pytest.raises(PortClosedError, match="gone"):
            read_exactly(near, 1)


@pytest.mark.parametrize("kind", ["pty", "listener"])
def test_an_instrument_outlives_its_host_and_takes_the_next(kind: str):
    with ExitStack() as stack:
        near, far = KINDS[kind](stack)
        for greeting in (b"one", b"two", b"three"):
            far.write(greeting, 1.0)
            assert read_exactly(near, len(greeting)) == greeting
            far.close()
            assert near.read(0.05) == b""
            far = stack.enter_context(open_port(near.name, BAUD))
            assert near.read(0.05) == b""
            near.write(b"back", 1.0)
            assert read_exactly(far, 4) == b"back"


def test_a_listener_alone_waits_its_time_and_cannot_write():
    with TcpListenerPort("127.0.0.1", 0) as port:
        start_s = time.monotonic()
        assert port.read(0.05) == b""
        assert time.monotonic() - start_s >= 0.045
        with pytest.raises(PortError, match="nobody is connected"):
            port.write(b"x", 0.1)


def test_a_host_without_power_makes_room_for_the_next(monkeypatch: pytest.MonkeyPatch):
    with ExitStack() as stack:
        near, _ = _listener(stack)
        second = stack.enter_context(open_port(near.name, BAUD))
        second.write(b"me", 1.0)
        assert near.read(0.05) == b""  # the first may still speak
        monkeypatch.setattr(tcp_port, "SILENT_HOST_S", 0.0)
        assert read_exactly(near, 2) == b"me"


def test_a_missing_device_says_what_to_check(tmp_path: Path):
    with pytest.raises(PortNotFoundError, match="plugged in"):
        open_port(str(tmp_path / "ttyNONE"), BAUD)


def test_a_missing_listener_says_what_to_check():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        number = taken.getsockname()[1]
    with pytest.raises(PortNotFoundError, match="is the instrument on"):
        open_port(f"tcp:127.0.0.1:{number}", BAUD)


def test_a_busy_device_is_found():
    with ExitStack() as stack:
        near, _ = _serial(stack)
        with pytest.raises(PortBusyError, match="another program"):
            open_port(near.name, BAUD)
        near.close()
        stack.enter_context(open_port(near.name, BAUD))


def test_a_busy_address_is_found():
    with TcpListenerPort("127.0.0.1", 0) as first:
        number = int(first.name.rpartition(":")[2])
        with pytest.raises(PortBusyError, match="cannot listen"):
            TcpListenerPort("127.0.0.1", number)


def test_a_folder_is_no_serial_device(tmp_path: Path):
    with pytest.raises(PortUsageError, match="not a serial device"):
        open_port(str(tmp_path), BAUD)


def test_a_file_is_no_serial_device(tmp_path: Path):
    path = tmp_path / "file"
    path.write_bytes(b"")
    with pytest.raises(PortUsageError, match="not a serial device"):
        open_port(str(path), BAUD)


@pytest.fixture
def as_nobody() -> Iterator[None]:
    """Give up root for a while, where the tests run as root."""
    before = os.geteuid()
    if before == 0:
        os.seteuid(65_534)
    yield
    os.seteuid(before)


def test_a_forbidden_device_names_the_group_that_may(tmp_path: Path, as_nobody: None):
    with PtyPort.create() as far:
        device = Path(far.path)
        group = grp.getgrgid(device.stat().st_gid).gr_name
        device.chmod(0)
        with pytest.raises(PortPermissionError, match=f"in the group {group} that owns"):
            open_port(far.path, BAUD)


def test_a_device_that_went_away_has_no_group(tmp_path: Path):
    assert "cannot be read" in permission_advice(str(tmp_path / "gone"))


@pytest.mark.parametrize(
    "address", ["", "ttyUSB0", "tcp:", "tcp:host", "tcp::80", "tcp:h:x", "tcp:h:65536", "/a\0b"]
)
def test_addresses_nobody_can_open_are_refused(address: str):
    with pytest.raises(PortUsageError):
        parse_address(address)


def test_a_link_to_the_pty_is_made_replaced_and_removed(tmp_path: Path):
    link = tmp_path / "spectrometer"
    link.symlink_to("/dev/null")
    with PtyPort.create(link) as port:
        assert port.path == str(link)
        with open_port(port.path, BAUD) as host:
            host.write(b"hi", 1.0)
            assert read_exactly(port, 2) == b"hi"
    assert not link.is_symlink()


def test_a_link_never_replaces_a_file(tmp_path: Path):
    path = tmp_path / "precious"
    path.write_text("data")
    with pytest.raises(PortError, match="no link could be made"):
        PtyPort.create(path)
    assert path.read_text() == "data"


def test_connecting_takes_bounded_time():
    # A listener whose queue is full does not answer: the attempt must give up by itself.
    with socket.create_server(("127.0.0.1", 0), backlog=0) as deaf, ExitStack() as stack:
        number = deaf.getsockname()[1]

        def fill_the_queue() -> None:
            for _ in range(16):
                stack.enter_context(TcpPort.connect("127.0.0.1", number, timeout_s=0.2))

        start_s = time.monotonic()
        with pytest.raises(PortNotFoundError, match="nobody answers"):
            fill_the_queue()
        assert time.monotonic() - start_s < 10.0
