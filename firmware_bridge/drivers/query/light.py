"""The lamp or laser that an instrument switches: what was ordered, and what it is now."""

from __future__ import annotations

from firmware_bridge.commands import LaserMode
from firmware_bridge.spectrum_frame import FrameKind


class LightSwitch:
    """Say when the light has to be switched; it is left alone until somebody wants darks.

    The orders are those of `Configure`.
    """

    def __init__(self) -> None:
        self._order = int(LaserMode.LEAVE)
        self._is_on: bool | None = None
        self._was_switched = False
        self.can_switch = True

    @property
    def is_on(self) -> bool | None:
        """Whether it is on; None where it was never switched."""
        return self._is_on

    def order(self, order: int) -> None:
        """Take an order; 0 leaves the one before."""
        self._order = order or self._order

    def forget(self) -> None:
        """Note that the instrument may have been switched off in between."""
        self._is_on = None

    def switched(self, on: bool) -> None:
        """Note what the instrument did."""
        self._is_on = on
        self._was_switched = True

    def give_up(self) -> None:
        """Note that the instrument cannot switch it."""
        self.can_switch = False

    def wanted(self, kind: FrameKind | None) -> bool:
        """Return whether it is to be on for a frame of a kind; None: between frames."""
        if kind is None and self._order == LaserMode.WHILE_EXPOSING:
            return False
        return kind != "dark" and self._order != LaserMode.OFF

    def is_due(self, kind: FrameKind | None) -> bool:
        """Return whether it has to be switched first."""
        if not self.can_switch or self._is_on == self.wanted(kind):
            return False
        is_ours = self._order != LaserMode.LEAVE or self._was_switched
        return is_ours or kind == "dark"
