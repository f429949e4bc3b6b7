"""The driver of instruments that are asked for each spectrum: what it does, and in which order.

::

    identify ──▶ another baud rate ──▶ describe ──▶ settings ──▶ spectrum, spectrum, pulse, …
       ▲  │ at the wake-up rate            │            ▲              │           │
       │  └ and the fast one, in turn      │            └─ heard again after 1 s ──┘
       └──────────────────── no answer ────┴───────────────────────────┘

The instrument is asked one thing at a time. It may have rebooted unseen whenever it was not
heard for a second: then it is given its settings again before the next spectrum.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Generic

from firmware_bridge.commands import Configure
from firmware_bridge.description import Description, InstrumentStatus
from firmware_bridge.drivers.numbering import HostNumbering
from firmware_bridge.drivers.query.conversation import Conversation, Pause, Script
from firmware_bridge.drivers.query.dialect import Dialect, Reading, Refusal, ReplyT, Traits
from firmware_bridge.drivers.query.frame_plan import Exposure, FramePlan
from firmware_bridge.drivers.query.light import LightSwitch
from firmware_bridge.drivers.settings import DriverSettings
from firmware_bridge.identity import FrameIdentity
from firmware_bridge.link.events import (
    BaudChanged,
    BytesSkipped,
    CommandRefusedByInstrument,
    Connected,
    FrameReceived,
    InstrumentSilent,
    LinkEvent,
    StatusReceived,
)
from firmware_bridge.spectrum_frame import FrameKind, SpectrumFrame

DEFAULT_EXPOSURE = Exposure(integration_time_us=100_000, averages=1)
"""What an instrument is given that nobody configured: it does not tell what it has."""
_SETTLE_S = 0.06
"""The line is let alone so long after a change of its rate."""
_UNHEARD_S = 1.0
_OUT_OF_BOUNDS = 2


class QueryDriver(Generic[ReplyT]):
    """Talk to one instrument that retains nothing and numbers nothing.

    Parameters
    ----------
    settings : DriverSettings
    dialect : Dialect
    model : str
    """

    def __init__(self, settings: DriverSettings, dialect: Dialect[ReplyT], model: str) -> None:
        self._settings = settings
        self._link = settings.link
        self._dialect = dialect
        self._model = model
        self._numbering = HostNumbering(settings.boot_id)
        self._plan = FramePlan(settings.dark_every)
        self._light = LightSwitch()
        self._exposure = DEFAULT_EXPOSURE
        self._settings_due = True
        self._conversation = Conversation(self._converse)
        self._events: list[LinkEvent] = []
        self._description: Description | None = None
        self._known: tuple[str, Traits] | None = None
        self._temperature_c: float | None = None
        self._baud = self._link.wake_baud
        self._fast_baud = self._link.fast_baud
        self._began_s: float | None = None
        self._now_s = 0.0
        self._heard_s = 0.0
        self._silence_due_s = math.inf
        self._pulse_due_s = -math.inf
        if self._link.configure is not None:
            self.configure(self._link.configure)
        if self._link.start_on_connect:
            self._plan.start(self._link.start_count)

    @property
    def description(self) -> Description | None:
        """What the instrument said of itself; None while it is not known."""
        return self._description

    @property
    def wanted_baud(self) -> int | None:
        """The baud rate the port is to have from now on."""
        return self._baud

    def receive(self, data: bytes, now_s: float) -> list[LinkEvent]:
        """Take received bytes."""
        self._at(now_s)
        for found in self._dialect.feed(data):
            if isinstance(found, BytesSkipped):
                self._events.append(found)
            else:
                self._hear()
                self._conversation.answer(found, now_s)
        return self._take_events()

    def poll(self, now_s: float) -> list[LinkEvent]:
        """Let time pass: ask, ask again, give up."""
        self._at(now_s)
        self._conversation.poll(now_s)
        if now_s >= self._silence_due_s and self.silent_for_s(now_s) > 0:
            self._silence_due_s = now_s + self._link.silent_after_s
            self._events.append(InstrumentSilent(now_s - self._heard_s))
        return self._take_events()

    def data_to_send(self) -> bytes:
        """Return the bytes to write now, once."""
        return self._conversation.take_output()

    def configure(self, configure: Configure) -> None:
        """Expose so from now on and after reconnections; what cannot be is refused, as an event."""
        wanted = Exposure(
            configure.integration_time_us or self._exposure.integration_time_us,
            configure.averages or self._exposure.averages,
        )
        refusal = self._dialect.check(wanted)
        if refusal is not None:
            self._refuse(refusal)
            return
        self._exposure = wanted
        self._plan.period_s = configure.period_us * 1e-6 or self._plan.period_s
        self._light.order(configure.laser)
        self._settings_due = True
        self._conversation.wake()

    def start(self, count: int = 0, configure: Configure | None = None) -> None:
        """Acquire `count` light spectra, 0 for any number, now and after reconnections."""
        if configure is not None:
            self.configure(configure)
        self._plan.start(count)
        self._conversation.wake()

    def single(self, kind: FrameKind = "light") -> None:
        """Acquire one frame of a kind as soon as possible, once."""
        self._plan.single(kind)
        self._conversation.wake()

    def stop(self) -> None:
        """Acquire no more, now and after reconnections."""
        self._plan.stop()
        self._conversation.wake()

    def acknowledge(self, identities: Iterable[FrameIdentity]) -> None:
        """Do nothing: the instrument retains no frame."""

    def reset(self) -> None:
        """Begin anew on a port that was opened again."""
        self._dialect.reset()
        self._conversation.restart()
        self._baud, self._fast_baud = self._link.wake_baud, self._link.fast_baud

    def silent_for_s(self, now_s: float) -> float:
        """Return the time since something intelligible came, s; 0 while a spectrum is exposed."""
        exposing = self._description is not None and now_s < self._conversation.due_s
        return 0.0 if exposing or self._began_s is None else now_s - self._heard_s

    def _at(self, now_s: float) -> None:
        self._now_s = now_s
        if self._began_s is None:
            self._began_s = now_s
            self._hear()

    def _hear(self) -> None:
        self._heard_s = self._now_s
        self._silence_due_s = self._now_s + self._link.silent_after_s

    def _take_events(self) -> list[LinkEvent]:
        events, self._events = self._events, []
        return events

    def _refuse(self, refusal: Refusal) -> None:
        self._events.append(CommandRefusedByInstrument(refusal.order, refusal.code, refusal.detail))

    def _converse(self) -> Script[ReplyT, None]:
        self._description = None
        self._light.forget()
        self._settings_due = True
        instrument_id = yield from self._find()
        if instrument_id is None or not (yield from self._speed_up()):
            return
        traits = yield from self._describe(instrument_id)
        if traits is None:
            return
        self._description = self._describe_as(instrument_id, traits)
        self._events.append(Connected(self._description))
        while (yield from self._work(self._description)):
            pass
        self._skip_rest()

    def _find(self) -> Script[ReplyT, str | None]:
        """Ask who is there, at the rate it wakes at and at the one it may have been left at."""
        for baud in dict.fromkeys((self._link.wake_baud, self._fast_baud)):
            if baud is None:
                continue
            if baud != self._baud:
                self._baud = baud
                yield Pause(_SETTLE_S)
            instrument_id = yield from self._dialect.identify()
            if instrument_id is not None:
                return instrument_id
            self._skip_rest()
        yield Pause(self._link.hello_interval_s)
        return None

    def _speed_up(self) -> Script[ReplyT, bool]:
        """Go over to the fast rate; False where the instrument is lost in doing so."""
        fast = self._fast_baud
        if fast is None or fast == self._baud:
            return True
        agreed = yield from self._dialect.order_baud(fast)
        if isinstance(agreed, Refusal):
            self._fast_baud = None
            self._refuse(agreed)
            return True
        # without an answer it may have changed all the same
        self._baud = fast
        yield Pause(_SETTLE_S)
        if (yield from self._dialect.confirm_baud(fast)):
            self._events.append(BaudChanged(fast))
            return True
        return (yield from self._fall_back(fast))

    def _fall_back(self, fast: int) -> Script[ReplyT, bool]:
        self._baud, self._fast_baud = self._link.wake_baud, None
        self._skip_rest()
        self._events.append(BaudChanged(self._baud, f"no answer at {fast} bit/s"))
        yield Pause(_SETTLE_S)
        return (yield from self._dialect.identify()) is not None

    def _describe(self, instrument_id: str) -> Script[ReplyT, Traits | None]:
        """Ask for what is not known yet: coefficients do not change while a port is away."""
        if self._known is None or self._known[0] != instrument_id:
            traits = yield from self._dialect.describe()
            self._known = None if traits is None else (instrument_id, traits)
        return None if self._known is None else self._known[1]

    def _describe_as(self, instrument_id: str, traits: Traits) -> Description:
        return Description(
            instrument_id=instrument_id,
            boot_id=self._numbering.boot_id,
            pixel_count=traits.pixel_count,
            saturation_counts=traits.saturation_counts,
            laser_wavelength_nm=self._settings.laser_wavelength_nm,
            wavelength_coefficients_nm=traits.wavelength_coefficients_nm,
            nonlinearity_coefficients=traits.nonlinearity_coefficients,
            retains_until_ack=False,
            model=self._model,
            firmware_version=traits.firmware_version,
        )

    def _work(self, description: Description) -> Script[ReplyT, bool]:
        """Do the next thing there is to do; False where no answer came."""
        if self._pulse_due_s <= self._now_s:
            return (yield from self._take_pulse())
        following = self._plan.next()
        if following is None or following[1] > self._now_s:
            until_s = self._pulse_due_s if following is None else following[1]
            if self._light.is_due(None) and not (yield from self._switch_light(None)):
                return False
            yield Pause(max(0.0, min(until_s, self._pulse_due_s) - self._now_s))
            return True
        if self._settings_due or self._now_s - self._heard_s > _UNHEARD_S:
            return (yield from self._give_settings())
        return (yield from self._take_frame(following[0], description))

    def _take_pulse(self) -> Script[ReplyT, bool]:
        pulse = yield from self._dialect.pulse()
        if pulse is None:
            return False
        self._pulse_due_s = self._now_s + self._link.status_interval_s
        self._temperature_c = pulse.detector_temperature_c
        faults = () if self._known is None else self._known[1].faults
        status = InstrumentStatus(
            boot_id=self._numbering.boot_id,
            detector_temperature_c=self._temperature_c,
            laser_on=self._light.is_on,
            faults=faults,
        )
        self._events.append(StatusReceived(status))
        return True

    def _give_settings(self) -> Script[ReplyT, bool]:
        self._light.forget()
        done = yield from self._dialect.apply(self._exposure)
        if isinstance(done, Refusal):
            self._refuse(done)
            yield Pause(self._link.refused_retry_s)
        elif done:
            self._settings_due = False
        return done is not None

    def _switch_light(self, kind: FrameKind | None) -> Script[ReplyT, bool]:
        on = self._light.wanted(kind)
        done = yield from self._dialect.switch_light(on)
        if isinstance(done, Refusal):
            # a dark frame in the light would be a lie
            self._refuse(done)
            self._light.give_up()
            self._plan.give_up_darks()
        elif done:
            self._light.switched(on)
        return done is not None

    def _take_frame(self, kind: FrameKind, description: Description) -> Script[ReplyT, bool]:
        if self._light.is_due(kind):
            return (yield from self._switch_light(kind))
        if kind == "dark" and not self._light.can_switch:
            self._plan.give_up_darks()
            return True
        exposure, asked_s = self._exposure, self._now_s
        reading = yield from self._dialect.acquire(exposure, self._baud)
        if isinstance(reading, Reading):
            self._plan.taken(kind, asked_s)
            self._deliver(reading, kind, exposure, asked_s, description)
            return True
        self._settings_due = True
        if reading is not None:
            self._refuse(reading)
            yield Pause(self._link.hello_interval_s)
        self._skip_rest()
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
            instrument_time_us=round((asked_s - (self._began_s or 0.0)) * 1e6),
            integration_time_us=exposure.integration_time_us,
            averages=exposure.averages,
            laser_wavelength_nm=math.nan if laser_nm is None else laser_nm,
            detector_temperature_c=math.nan if celsius is None else celsius,
            saturation_counts=description.saturation_counts,
            counts=reading.counts,
        )
        identity = self._numbering.next(description.instrument_id)
        self._events.append(FrameReceived(identity, frame.pack(), frame, self._now_s))

    def _skip_rest(self) -> None:
        forgotten = self._dialect.reset()
        if forgotten:
            self._events.append(BytesSkipped("the rest of an answer never came", forgotten))
