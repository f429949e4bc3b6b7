"""When to ask for a dark frame: before the newest of the exposure is too old to be subtracted.

Only of an instrument that has sent one: so it can take them.
"""

from __future__ import annotations

from dataclasses import replace

from edge.calibration.dark import DarkRules, exposure_of, stale_because
from edge.daemon.patience import Patience
from firmware_bridge.spectrum_frame import SpectrumFrame

_IN_GOOD_TIME = 0.75
_MOST_EXPOSURES = 16


class DarkControl:
    """Say when a dark frame is due.

    Parameters
    ----------
    rules : what a dark frame has to be like to be subtracted
    """

    def __init__(self, rules: DarkRules) -> None:
        self._rules = replace(
            rules,
            max_age_s=rules.max_age_s * _IN_GOOD_TIME,
            max_difference_c=rules.max_difference_c * _IN_GOOD_TIME,
        )
        self._newest: dict[str, SpectrumFrame] = {}
        self._has_sent_one = False
        self._patience = Patience()

    def forget(self) -> None:
        """Forget the dark frames of an earlier boot: they are not subtracted in another."""
        self._newest.clear()
        self._patience.renew()

    def is_due(self, frame: SpectrumFrame) -> bool:
        """Take a frame that came; tell whether to ask for a dark one now."""
        exposure = exposure_of(frame)
        if frame.kind == "dark":
            self._newest.pop(exposure, None)
            self._newest[exposure] = frame
            if len(self._newest) > _MOST_EXPOSURES:
                del self._newest[next(iter(self._newest))]
            self._has_sent_one = True
            self._patience.renew()
            return False
        if not self._has_sent_one or self._is_good(exposure, frame):
            return False
        return self._patience.is_over()

    def _is_good(self, exposure: str, frame: SpectrumFrame) -> bool:
        dark = self._newest.get(exposure)
        return dark is not None and stale_because(frame, dark, self._rules) is None
