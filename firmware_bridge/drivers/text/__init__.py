"""Instruments that talk in lines of delimited text; `TextFormat` describes one."""

from firmware_bridge.drivers.text.format import TextFormat

__all__ = ["TextFormat"]
