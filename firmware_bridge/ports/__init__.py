"""Ports: a byte stream to an instrument, whatever it runs over."""

from firmware_bridge.ports.address import (
    ReplayAddress,
    SerialAddress,
    TcpAddress,
    open_port,
    parse_address,
)
from firmware_bridge.ports.base import Port
from firmware_bridge.ports.pty_port import PtyPort
from firmware_bridge.ports.replay_port import ReplayPort
from firmware_bridge.ports.serial_port import SerialPort
from firmware_bridge.ports.tcp_port import TcpListenerPort, TcpPort

__all__ = [
    "Port",
    "PtyPort",
    "ReplayAddress",
    "ReplayPort",
    "SerialAddress",
    "SerialPort",
    "TcpAddress",
    "TcpListenerPort",
    "TcpPort",
    "open_port",
    "parse_address",
]
