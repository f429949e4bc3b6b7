"""What the caller wants of an instrument, now and after reconnections."""

from __future__ import annotations

from collections.abc import Callable

from firmware_bridge.commands import Configure
from firmware_bridge.drivers.query.dialect import Refusal
from firmware_bridge.drivers.query.frame_plan import Exposure, FramePlan
from firmware_bridge.drivers.query.light import LightSwitch
from firmware_bridge.drivers.settings import DriverSettings

DEFAULT_EXPOSURE = Exposure(integration_time_us=100_000, averages=1)
"""What an instrument is given that nobody configured: it does not tell what it has."""


class Wishes:
    """Exposure, light and frames, as they were ordered last.

    Parameters
    ----------
    settings : DriverSettings
    check : callable
        Says why the instrument could not expose so.

    Attributes
    ----------
    plan : FramePlan
    light : LightSwitch
    exposure : Exposure
    are_new : bool
        True until the instrument has been given them.
    """

    def __init__(
        self, settings: DriverSettings, check: Callable[[Exposure], Refusal | None]
    ) -> None:
        self._check = check
        self.plan = FramePlan(settings.dark_every)
        self.light = LightSwitch()
        self.exposure = DEFAULT_EXPOSURE
        self.are_new = True
        if settings.link.start_on_connect:
            self.plan.start(settings.link.start_count)

    def configure(self, configure: Configure) -> Refusal | None:
        """Take other settings, a zero leaves one; all are refused where the exposure cannot be."""
        wanted = Exposure(
            configure.integration_time_us or self.exposure.integration_time_us,
            configure.averages or self.exposure.averages,
        )
        refusal = self._check(wanted)
        if refusal is None:
            self.exposure = wanted
            self.plan.period_s = configure.period_us * 1e-6 or self.plan.period_s
            self.light.order(configure.laser)
            self.are_new = True
        return refusal
