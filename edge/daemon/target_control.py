"""When to ask for a frame of the calibration target that an instrument has built in."""

from __future__ import annotations

from edge.daemon.patience import Patience
from firmware_bridge.spectrum_frame import FrameKind, SpectrumFrame


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
        self._patience = Patience()

    def forget(self) -> None:
        """Forget the target of an earlier boot: the instrument may have cooled down since."""
        self._taken_us = None
        self._patience.renew()

    def is_due(self, frame: SpectrumFrame) -> bool:
        """Take a frame that came; tell whether to ask for one of the target now."""
        if frame.kind == self.target:
            self._taken_us = frame.instrument_time_us
            self._patience.renew()
        if self.target is None or frame.kind != "light" or self._is_recent(frame):
            return False
        return self._patience.is_over()

    def _is_recent(self, frame: SpectrumFrame) -> bool:
        # a clock that went back says nothing of how long ago it was
        return (
            self._taken_us is not None
            and 0 <= frame.instrument_time_us - self._taken_us < self._every_us
        )
