"""When to ask for a frame of the calibration target that an instrument has built in."""

from __future__ import annotations

from firmware_bridge.spectrum_frame import FrameKind, SpectrumFrame

_PATIENCE_FRAMES = 32


class TargetControl:
    """Say when a frame of the target is due: at first, and then every so often.

    Parameters
    ----------
    target : which it is; None where there is none
    every_s : s, on the instrument's clock
    """

    def __init__(self, target: FrameKind | None, every_s: float) -> None:
        self.target = target
        self._every_us = every_s * 1e6
        self._taken_us: int | None = None
        self._patience = 0

    def is_due(self, frame: SpectrumFrame) -> bool:
        """Take a frame that came; tell whether to ask for one of the target now."""
        if frame.kind == self.target:
            self._taken_us, self._patience = frame.instrument_time_us, 0
        if self.target is None or frame.kind != "light" or self._is_recent(frame):
            return False
        self._patience -= 1
        if self._patience > 0:  # it was asked for, and may be refused
            return False
        self._patience = _PATIENCE_FRAMES
        return True

    def _is_recent(self, frame: SpectrumFrame) -> bool:
        # a clock that went back is one of another boot: the instrument may have cooled down
        return (
            self._taken_us is not None
            and 0 <= frame.instrument_time_us - self._taken_us < self._every_us
        )
