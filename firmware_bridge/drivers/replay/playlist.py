"""Which recording is next, and the frames that are made of it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from firmware_bridge.description import Description
from firmware_bridge.drivers.replay.recording import Recording
from firmware_bridge.spectrum_frame import Counts, FrameKind, SpectrumFrame

_DARK_AGAIN_S = 600.0


class Playlist:
    """Play recordings in order, again from the first after the last.

    What was recorded with another dark counts as another boot of the instrument: so no dark is
    subtracted from what it was not recorded with.

    Parameters
    ----------
    recordings : sequence of Recording, at least one
    description : Description
        What does not change with the recordings; its boot id is that of the first boot.
    """

    def __init__(self, recordings: Sequence[Recording], description: Description) -> None:
        self._recordings = recordings
        self._played = 0
        self._darks: dict[tuple[int, int, int], Counts | None] = {}
        self._dark_due_s = -math.inf
        self.description = _described(description, recordings[0])

    @property
    def played(self) -> int:
        """Recordings played so far, repeated ones counted again."""
        return self._played

    def find(self, kind: FrameKind) -> bool:
        """Go on to the next recording of a kind, if there is one."""
        count = len(self._recordings)
        for ahead in range(count):
            if self._recordings[(self._played + ahead) % count].kind == kind:
                self._played += ahead
                return True
        return False

    def play(self, instrument_time_us: int) -> list[SpectrumFrame]:
        """Return the frames of the next recording: its dark, where one is due, and itself.

        `description` is theirs from now on.
        """
        recording = self._recordings[self._played % len(self._recordings)]
        self._played += 1
        now_s = instrument_time_us * 1e-6
        known = _described(self.description, recording)
        if self._has_another_dark(recording):
            known = replace(known, boot_id=known.boot_id % 0xFFFF_FFFF + 1)
            self._darks.clear()
        self.description = known
        is_new = recording.exposure not in self._darks or now_s >= self._dark_due_s
        self._darks[recording.exposure] = recording.dark_counts
        light = _frame(recording, recording.kind, recording.counts, instrument_time_us)
        if recording.dark_counts is None or not is_new:
            return [light]
        self._dark_due_s = now_s + _DARK_AGAIN_S
        return [_frame(recording, "dark", recording.dark_counts, instrument_time_us), light]

    def _has_another_dark(self, recording: Recording) -> bool:
        if recording.exposure not in self._darks:
            return False
        before, dark = self._darks[recording.exposure], recording.dark_counts
        if before is None or dark is None:
            return before is not dark
        return not np.array_equal(before, dark)


def _described(description: Description, recording: Recording) -> Description:
    table = recording.wavelength_nm
    return replace(
        description,
        pixel_count=recording.counts.size,
        saturation_counts=recording.saturation_counts,
        laser_wavelength_nm=recording.laser_wavelength_nm,
        wavelength_coefficients_nm=recording.wavelength_coefficients_nm,
        wavelength_nm=() if table is None else tuple(table.tolist()),
        model=recording.model,
    )


def _frame(
    recording: Recording, kind: FrameKind, counts: Counts, instrument_time_us: int
) -> SpectrumFrame:
    return SpectrumFrame(
        kind=kind,
        instrument_time_us=instrument_time_us,
        integration_time_us=recording.integration_time_us,
        averages=recording.averages,
        laser_wavelength_nm=recording.laser_wavelength_nm,
        detector_temperature_c=recording.detector_temperature_c,
        saturation_counts=recording.saturation_counts,
        counts=counts,
    )
