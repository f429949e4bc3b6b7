"""What is asked of an instrument, in which order.

::

    find ──▶ another baud rate ──▶ describe ──▶ settings ──▶ spectrum, spectrum, pulse, …
      ▲                                │           ▲              │           │
      │                                │           └─ heard again after 1 s ──┘
      └─────────────── no answer ──────┴──────────────────────────┘

The instrument may have rebooted unseen whenever it was not heard for a second: then it is
given its settings again before the next spectrum.
"""

from __future__ import annotations

import math
from typing import Generic

from firmware_bridge.description import Description, InstrumentStatus
from firmware_bridge.drivers.numbering import HostNumbering
from firmware_bridge.drivers.query.conversation import Pause, Script
from firmware_bridge.drivers.query.dialect import Dialect, Reading, Refusal, ReplyT, Traits
from firmware_bridge.drivers.query.frame_plan import Exposure
from firmware_bridge.drivers.query.line_rate import LineRate
from firmware_bridge.drivers.query.wishes import Wishes
from firmware_bridge.drivers.settings import DriverSettings
from firmware_bridge.link.events import (
    BytesSkipped,
    CommandRefusedByInstrument,
    Connected,
    FrameReceived,
    LinkEvent,
    StatusReceived,
)
from firmware_bridge.spectrum_frame import FrameKind, SpectrumFrame

_UNHEARD_S = 1.0


class InstrumentScript(Generic[ReplyT]):
    """The script of one instrument's conversation.

    Parameters
    ----------
    settings : DriverSettings
    dialect : Dialect
    wishes : Wishes
    model : str

    Attributes
    ----------
    now_s, began_s, heard_s : float, s
        The time, that of the first call, and when something intelligible came last: kept by
        the driver.
    description : Description or None
    events : list of LinkEvent
    rate : LineRate
    """

    def __init__(
        self, settings: DriverSettings, dialect: Dialect[ReplyT], wishes: Wishes, model: str
    ) -> None:
        self._settings = settings
        self._link = settings.link
        self._dialect = dialect
        self._wishes = wishes
        self._model = model
        self._numbering = HostNumbering(settings.boot_id)
        self._known: tuple[str, Traits] | None = None
        self._temperature_c: float | None = None
        self._pulse_due_s = -math.inf
        self.now_s = self.began_s = self.heard_s = 0.0
        self.description: Description | None = None
        self.events: list[LinkEvent] = []
        self.rate = LineRate(settings.link, dialect, self.events)

    def __call__(self) -> Script[ReplyT, None]:
        """Talk to the instrument until it does not answer."""
        self.description = None
        self._wishes.are_new = True
        self._wishes.light.forget()
        instrument_id = yield from self.rate.find()
        if instrument_id is None or not (yield from self.rate.speed_up()):
            return
        traits = yield from self._traits_of(instrument_id)
        if traits is None:
            return
        self.description = self._described(instrument_id, traits)
        self.events.append(Connected(self.description))
        while (yield from self._do_next(self.description)):
            pass

    def refuse(self, refusal: Refusal) -> None:
        """Tell what the instrument does not do."""
        told = CommandRefusedByInstrument(refusal.order, refusal.code, refusal.detail)
        self.events.append(told)

    def _traits_of(self, instrument_id: str) -> Script[ReplyT, Traits | None]:
        """Ask for what is not known yet: coefficients do not change while a port is away."""
        if self._known is None or self._known[0] != instrument_id:
            traits = yield from self._dialect.describe()
            self._known = None if traits is None else (instrument_id, traits)
        return None if self._known is None else self._known[1]

    def _described(self, instrument_id: str, traits: Traits) -> Description:
        return Description(
            instrument_id=instrument_id,
            boot_id=self._numbering.boot_id,
            pixel_count=traits.pixel_count,
            saturation_counts=traits.saturation_counts,
            laser_wavelength_nm=self._settings.laser_wavelength_nm,
            wavelength_coefficients_nm=traits.wavelength_coefficients_nm,
            nonlinearity_coefficients=traits.nonlinearity_coefficients,
            retains_until_ack=False,
            model=traits.other_model or self._model,
            firmware_version=traits.firmware_version,
        )

    def _do_next(self, description: Description) -> Script[ReplyT, bool]:
        """Do the next thing there is to do; False where no answer came."""
        if self._pulse_due_s <= self.now_s:
            return (yield from self._take_pulse())
        following = self._wishes.plan.next()
        if following is None or following[1] > self.now_s:
            return (yield from self._wait(math.inf if following is None else following[1]))
        if description.model != self._model:
            return (yield from self._refuse_model(description))
        if self._wishes.are_new or self.now_s - self.heard_s > _UNHEARD_S:
            return (yield from self._give_settings())
        return (yield from self._take_frame(following[0], description))

    def _wait(self, until_s: float) -> Script[ReplyT, bool]:
        """Wait for the next frame's time or the next pulse, the light switched as ordered."""
        if self._wishes.light.is_due(None):
            return (yield from self._switch_light(None))
        yield Pause(max(0.0, min(until_s, self._pulse_due_s) - self.now_s), is_idle=True)
        return True

    def _take_pulse(self) -> Script[ReplyT, bool]:
        pulse = yield from self._dialect.pulse()
        if pulse is None:
            return False
        self._pulse_due_s = self.now_s + self._link.status_interval_s
        self._temperature_c = pulse.detector_temperature_c
        status = InstrumentStatus(
            boot_id=self._numbering.boot_id,
            detector_temperature_c=self._temperature_c,
            laser_on=self._wishes.light.is_on,
            faults=() if self._known is None else self._known[1].faults,
        )
        self.events.append(StatusReceived(status))
        return True

    def _refuse_model(self, description: Description) -> Script[ReplyT, bool]:
        """Take no spectrum of a model that this one's driver reads wrong."""
        detail = f"{description.instrument_id} is a {description.model}, not a {self._model}"
        self.refuse(Refusal("spectrum", 0, detail))
        yield Pause(self._link.refused_retry_s, is_idle=True)
        return True

    def _give_settings(self) -> Script[ReplyT, bool]:
        self._wishes.light.forget()
        self._wishes.are_new = False  # until others are ordered, perhaps while these are given
        done = yield from self._dialect.apply(self._wishes.exposure)
        if isinstance(done, Refusal):
            self._wishes.are_new = True
            self.refuse(done)
            yield Pause(self._link.refused_retry_s, is_idle=True)
        return done is not None

    def _switch_light(self, kind: FrameKind | None) -> Script[ReplyT, bool]:
        on = self._wishes.light.wanted(kind)
        done = yield from self._dialect.switch_light(on)
        if isinstance(done, Refusal):
            # a dark frame in the light would be a lie
            self.refuse(done)
            self._wishes.light.give_up()
            self._wishes.plan.give_up_darks()
        elif done:
            self._wishes.light.switched(on)
        return done is not None

    def _take_frame(self, kind: FrameKind, description: Description) -> Script[ReplyT, bool]:
        if kind == "dark" and not self._wishes.light.can_switch:
            self.refuse(Refusal("dark frame", 0, "the instrument does not switch its light"))
            self._wishes.plan.give_up_darks()
            return True
        if self._wishes.light.is_due(kind):
            return (yield from self._switch_light(kind))
        exposure, asked_s = self._wishes.exposure, self.now_s
        reading = yield from self._dialect.acquire(exposure, self.rate.baud)
        if not isinstance(reading, Reading):
            return (yield from self._go_on_after(reading, description))
        self._wishes.plan.taken(kind, asked_s)
        self._deliver(reading, kind, exposure, asked_s, description)
        return True

    def _go_on_after(
        self, refusal: Refusal | None, description: Description
    ) -> Script[ReplyT, bool]:
        """See whether it is still there where no spectrum came; it gets its settings again."""
        self._wishes.are_new = True
        if refusal is not None:
            self.refuse(refusal)
            yield Pause(self._link.hello_interval_s)
        forgotten = self._dialect.reset()
        if forgotten:
            self.events.append(BytesSkipped("the rest of a spectrum never came", forgotten))
        return (yield from self._dialect.identify()) == description.instrument_id

    def _deliver(
        self,
        reading: Reading,
        kind: FrameKind,
        exposure: Exposure,
        asked_s: float,
        description: Description,
    ) -> None:
        laser_nm, celsius = description.laser_wavelength_nm, self._temperature_c
        frame = SpectrumFrame(
            kind=kind,
            instrument_time_us=round((asked_s - self.began_s) * 1e6),
            integration_time_us=exposure.integration_time_us,
            averages=exposure.averages,
            laser_wavelength_nm=math.nan if laser_nm is None else laser_nm,
            detector_temperature_c=math.nan if celsius is None else celsius,
            saturation_counts=description.saturation_counts,
            counts=reading.counts,
        )
        identity = self._numbering.next(description.instrument_id)
        self.events.append(FrameReceived(identity, frame.pack(), frame, self.now_s))
