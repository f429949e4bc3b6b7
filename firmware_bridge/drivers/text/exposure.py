"""What an exposure is: what was asked for, what the instrument does, and the host's averaging."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from firmware_bridge.commands import Configure
from firmware_bridge.drivers.text.format import TextFormat
from firmware_bridge.drivers.text.reading import as_counts
from firmware_bridge.spectrum_frame import Counts

_CLOCK_SPAN_US = 1 << 32
_TOLERANCE = 0.02
_TOLERANCE_US = 250


class Exposure:
    """Keep the integration time and the averages in force.

    What can be set is set at each connection, also if nobody asks for another exposure: the
    instrument may have been left at one that nobody knows.

    Parameters
    ----------
    text_format : TextFormat

    Attributes
    ----------
    integration_time_us : int, µs
        Of the frames that come now; 0: nobody told it.
    averages : int
    """

    def __init__(self, text_format: TextFormat) -> None:
        self._format = text_format
        self._asked_us = text_format.integration_time_us if text_format.integration_command else 0
        self._asked_averages = 1
        self._commands_due = True
        self.integration_time_us = text_format.integration_time_us
        self.averages = 1

    @property
    def host_averages(self) -> int:
        """Spectra that make one frame: the averages, where the instrument does not average."""
        return 1 if self._format.averages_command else self.averages

    @property
    def duration_s(self) -> float:
        """How long the instrument takes over one spectrum at least, s."""
        exposures = self.averages if self._format.averages_command else 1
        return self.integration_time_us * exposures * 1e-6

    def believe(self, integration_time_us: int) -> None:
        """Take the operator's word for an exposure that cannot be set; 0 says nothing."""
        self.integration_time_us = integration_time_us or self.integration_time_us

    def configure(self, configure: Configure) -> None:
        """Ask for what can be set; a zero leaves that one as it is."""
        if configure.integration_time_us and self._format.integration_command:
            self._asked_us = self.integration_time_us = configure.integration_time_us
        if configure.averages:
            self._asked_averages = self.averages = configure.averages
        self._commands_due = True

    def repeat(self) -> None:
        """Send the settings again: the instrument may have lost them."""
        self._commands_due = True

    def take_commands(self) -> list[str]:
        """Return the commands to send now, once."""
        due, self._commands_due = self._commands_due, False
        if not due:
            return []
        integration = self._format.set_integration(self._asked_us) if self._asked_us else ""
        averages = self._format.set_averages(self._asked_averages)
        return [command for command in (integration, averages) if command]

    def measured(self, stamps: list[float]) -> str | None:
        """Take what the instrument tells of its last exposure.

        Parameters
        ----------
        stamps : list of float
            The line of numbers it answered.

        Returns
        -------
        str or None
            What is not as it was asked for; told once.
        """
        begin, end = (stamps[column - 1] for column in self._format.exposure_columns)
        told_us = round(end - begin) % _CLOCK_SPAN_US
        if self._asked_us and _alike(told_us, self._asked_us):
            self.integration_time_us = self._asked_us
        elif not _alike(told_us, self.integration_time_us):
            self.integration_time_us = told_us
            if self._asked_us:
                self.repeat()
                return f"exposed {told_us} µs, not {self._asked_us} µs as asked"
        return None


class Averager:
    """Average spectra on the host; a pixel saturated in one of them is saturated in the mean."""

    def __init__(self) -> None:
        self._sum: npt.NDArray[np.float64] | None = None
        self._saturated: npt.NDArray[np.bool_] | None = None
        self._count = 0

    def clear(self) -> None:
        """Forget what was begun."""
        self._sum = self._saturated = None
        self._count = 0

    def add(self, counts: Counts, wanted: int, saturation_counts: int) -> Counts | None:
        """Take one spectrum; return the mean once there are `wanted`, else None."""
        if wanted <= 1:
            return counts
        saturated = counts >= saturation_counts
        if self._sum is None or self._saturated is None or self._sum.shape != counts.shape:
            self._sum, self._saturated = np.zeros(counts.shape), np.zeros(counts.shape, np.bool_)
            self._count = 0
        self._sum += counts
        self._saturated |= saturated
        self._count += 1
        if self._count < wanted:
            return None
        mean = np.rint(self._sum / self._count)
        mean[self._saturated] = saturation_counts
        self.clear()
        return as_counts(mean, saturation_counts)


def _alike(one_us: int, other_us: int) -> bool:
    return abs(one_us - other_us) <= max(_TOLERANCE_US, _TOLERANCE * other_us)
