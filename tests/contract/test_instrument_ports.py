"""The instrument's end of ports: what it can tell of the host, and a plug that is pulled."""

from __future__ import annotations

import os
import select
import socket
from pathlib import Path

import pytest

from firmware_bridge.errors import PortError, PortNotFoundError
from firmware_bridge.ports import PtyPort, SerialPort, TcpListenerPort, TcpPort, open_port
from firmware_bridge.ports.descriptor import wait_ready
from firmware_bridge.virtual import PluggablePort


@pytest.mark.parametrize("baud", [9600, 115_200, 921_600, 123_456])
def test_a_pseudo_terminal_tells_the_rate_the_host_asked_for(baud: int):
    with PtyPort.create() as port:
        assert port.host_baud is None
        with SerialPort(port.path, baud) as host:
            assert port.host_baud == baud
            host.set_baud(19_200)
            assert port.host_baud == 19_200
            host.write(b"hello", 1.0)
            assert port.read(1.0) == b"hello"  # the kernel does not care


def test_a_host_that_asks_for_no_rate_has_none():
    with PtyPort.create() as port:
        descriptor = os.open(port.path, os.O_RDWR | os.O_NOCTTY)
        assert port.host_baud is None
        os.close(descriptor)


def test_what_the_host_has_not_read_is_known():
    with PtyPort.create() as port, SerialPort(port.path, 9600) as host:
        assert not port.has_unread
        port.write(b"hello", 1.0)
        assert wait_ready(host._descriptor, select.POLLIN, 1.0)  # the kernel has passed it on
        assert port.has_unread
        assert host.read(1.0) == b"hello"
        assert not port.has_unread


def test_a_pulled_plug_of_a_pty_is_gone_and_comes_back_under_its_name(tmp_path: Path):
    link = tmp_path / "instrument"
    with PluggablePort(lambda: PtyPort.create(link)) as plug:
        assert not plug.has_host
        with SerialPort(str(link), 9600) as host:
            assert (plug.has_host, plug.host_baud) == (True, 9600)
            plug.unplug()
            assert not os.path.lexists(link)
            with pytest.raises(PortError):
                host.read(1.0)
        with pytest.raises(PortNotFoundError):
            SerialPort(str(link), 9600)
        plug.plug()
        with SerialPort(str(link), 19_200) as host:
            assert plug.host_baud == 19_200
            plug.write(b"back", 1.0)
            assert host.read(1.0) == b"back"


def test_a_pulled_plug_of_a_listener_hangs_up_and_refuses():
    with TcpListenerPort("127.0.0.1", 0) as free:
        number = int(free.name.rpartition(":")[2])
    with PluggablePort(lambda: TcpListenerPort("127.0.0.1", number)) as plug:
        with open_port(plug.name, 0) as host:
            assert isinstance(host, TcpPort)
            host.write(b"hello", 1.0)
            assert plug.read(1.0) in (b"", b"hello")
            assert plug.has_host
            plug.unplug()
            with pytest.raises(PortError):
                host.read(1.0)
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", number), timeout=1.0)
        plug.plug()
        assert not plug.has_host
        with open_port(plug.name, 0) as host:
            host.write(b"again", 1.0)
            heard = plug.read(1.0) or plug.read(1.0)
            assert heard == b"again"
