"""What the drivers of text instruments have in common, asked or free-running."""

from __future__ import annotations

from collections.abc import Iterable

from firmware_bridge.commands import Configure, LaserMode
from firmware_bridge.description import Description
from firmware_bridge.drivers.query.frame_plan import FramePlan
from firmware_bridge.drivers.query.light import LightSwitch
from firmware_bridge.drivers.settings import DriverSettings
from firmware_bridge.drivers.text.axis import AxisWatch, wavelengths_nm
from firmware_bridge.drivers.text.exposure import Exposure
from firmware_bridge.drivers.text.format import TextFormat
from firmware_bridge.drivers.text.frames import FrameMaker
from firmware_bridge.drivers.text.lines import LineSplitter
from firmware_bridge.drivers.text.patience import Patience
from firmware_bridge.drivers.text.reading import Reading, SpectrumReader
from firmware_bridge.errors import DriverSettingsError
from firmware_bridge.identity import FrameIdentity
from firmware_bridge.link.events import (
    BytesSkipped,
    CommandRefusedByInstrument,
    Connected,
    InstrumentSilent,
    LinkEvent,
    Redescribed,
)
from firmware_bridge.link.foreign import ForeignWatch
from firmware_bridge.replies import RefusalCode
from firmware_bridge.spectrum_frame import FrameKind


class TextDriver:
    """Speak with an instrument as its format describes it; see `AskedDriver`, `FreeRunningDriver`.

    The host numbers the frames. The instrument keeps none: one that is lost on the line is lost.

    Parameters
    ----------
    settings : DriverSettings
    text_format : TextFormat

    Raises
    ------
    DriverSettingsError
        If the axis is a Raman shift and nobody told the laser's wavelength.
    """

    def __init__(self, settings: DriverSettings, text_format: TextFormat) -> None:
        if text_format.axis == "cm1" and settings.laser_wavelength_nm is None:
            expected = "a wavelength: the instrument tells Raman shifts"
            raise DriverSettingsError("laser_wavelength_nm", expected, None)
        self._settings = settings
        self._link = settings.link
        self._format = text_format
        self._splitter = LineSplitter(text_format.line_end, text_format.most_line_bytes)
        self._reader = SpectrumReader(text_format)
        self._plan = FramePlan(settings.dark_every if text_format.switches_light else 0)
        self._light = LightSwitch()
        self._exposure = Exposure(text_format)
        self._frames = FrameMaker(settings, text_format, self._exposure)
        self._axis = AxisWatch()
        self._serial: str | None = None
        self._description: Description | None = None
        self._out: list[str] = []
        self._notes: list[LinkEvent] = []
        self._is_started = False
        self._patience = Patience(settings.link.silent_after_s)
        self._foreign = ForeignWatch()
        self._take_initial_settings()

    @property
    def description(self) -> Description | None:
        """What is known of the instrument; None until it said something intelligible."""
        return self._description

    @property
    def wanted_baud(self) -> int | None:
        """The rate the format names, else the one that is configured."""
        return self._format.baud or self._link.wake_baud

    def receive(self, data: bytes, now_s: float) -> list[LinkEvent]:
        """Take received bytes."""
        self._begin(now_s)
        if self._description is None:
            self._foreign.received(data, now_s)
        self._on_bytes(now_s)
        events: list[LinkEvent] = []
        for line in self._splitter.feed(data):
            events += self._take_line(line, now_s)
        dropped = self._splitter.take_dropped_bytes()
        if self._description is None:
            return events  # the rest of a line that began before the port was opened, or foreign
        return events + self._skip("a line longer than any that means something", dropped)

    def poll(self, now_s: float) -> list[LinkEvent]:
        """Let time pass: ask, ask again, give up."""
        self._begin(now_s)
        events = [*self._watch_silence(now_s), *self._foreign.poll(now_s)]
        self._start_or_stop()
        events += self._work(now_s)
        if self._description is not None:
            events, self._notes = events + self._notes, []
        return events

    def data_to_send(self) -> bytes:
        """Return the bytes to write now, once."""
        commands, self._out = self._out, []
        return "".join(command + self._format.command_end for command in commands).encode()

    def start(self, count: int = 0, configure: Configure | None = None) -> None:
        """Acquire `count` light spectra, 0 for any number."""
        if configure is not None:
            self.configure(configure)
        self._plan.start(count)

    def single(self, kind: FrameKind = "light") -> None:
        """Acquire one frame of a kind, once; a dark one only where the light can be switched."""
        if kind == "dark" and not self._format.switches_light:
            self._refuse("single dark", "it has no command for the light")
        else:
            self._plan.single(kind)

    def stop(self) -> None:
        """Acquire no more."""
        self._plan.stop()
        self._frames.clear()

    def configure(self, configure: Configure) -> None:
        """Use these settings from now on; what cannot be set is refused by an event."""
        if configure.integration_time_us and not self._format.integration_command:
            self._refuse("integration_time_us", "it has no command for it")
        if configure.period_us and not self._format.is_asked:
            self._refuse("period_us", "it sends by itself, at its own pace")
        if configure.laser and not self._format.switches_light:
            self._refuse("laser", "it has no command for it")
        elif configure.laser == LaserMode.WHILE_EXPOSING:
            self._refuse("laser", "it stays on between exposures")
        self._exposure.configure(configure)
        self._frames.clear()
        self._light.order(configure.laser)
        if self._format.is_asked:
            self._plan.period_s = configure.period_us * 1e-6 or self._plan.period_s

    def acknowledge(self, identities: Iterable[FrameIdentity]) -> None:
        """Do nothing: the instrument keeps no frames."""

    def reset(self) -> None:
        """Begin anew on a port that was opened again."""
        self._forget_line()
        self._disconnect()
        self._patience.begin_again()

    def silent_for_s(self, now_s: float) -> float:
        """Return the time since something intelligible came, or was to come, s."""
        return self._patience.silent_for_s(now_s)

    def _take_line(self, line: bytes, now_s: float) -> list[LinkEvent]:
        raise NotImplementedError

    def _work(self, now_s: float) -> list[LinkEvent]:
        raise NotImplementedError

    def _on_bytes(self, now_s: float) -> None:
        """Something came, whatever it is."""

    def _forget_line(self) -> None:
        """What was held of a line is of no use any more."""
        self._splitter.clear()

    def _disconnect(self) -> None:
        self._description = None
        self._serial = None
        self._axis.clear()
        self._frames.clear()
        self._reader.reset()
        self._out.clear()
        self._is_started = False
        self._light.forget()
        self._exposure.repeat()

    def _take_initial_settings(self) -> None:
        it = self._link
        if it.configure is not None:
            self.configure(it.configure)
            if not self._format.integration_command:
                self._exposure.believe(it.configure.integration_time_us)
        if self._settings.dark_every and not self._format.switches_light:
            self._refuse("dark_every", "it has no command for the light")
        if it.start_on_connect:
            self.start(it.start_count)

    def _refuse(self, what: str, detail: str) -> None:
        refused = CommandRefusedByInstrument(what, RefusalCode.UNKNOWN_COMMAND, detail)
        if refused not in self._notes:
            self._notes.append(refused)

    def _begin(self, now_s: float) -> None:
        self._frames.begin(now_s)
        self._patience.begin(now_s)

    def _heard(self, now_s: float) -> None:
        self._patience.heard(now_s)
        self._foreign.understood()

    def _watch_silence(self, now_s: float) -> list[LinkEvent]:
        if not self._patience.is_over(now_s):
            return []
        self._disconnect()
        return [InstrumentSilent(self._patience.silent_for_s(now_s))]

    def _start_or_stop(self) -> None:
        wanted = self._plan.next() is not None
        if wanted and not self._is_started and self._format.start_command:
            self._out.append(self._format.start_command)
        elif self._is_started and not wanted and self._format.stop_command:
            self._out.append(self._format.stop_command)
        self._is_started = wanted

    def _skip(self, reason: str, byte_count: int) -> list[LinkEvent]:
        return [BytesSkipped(reason, byte_count)] if byte_count else []

    def _is_refusal(self, line: bytes) -> bool:
        return any(line.startswith(prefix.encode()) for prefix in self._format.error_prefixes)

    def _is_ignored(self, line: bytes) -> bool:
        return any(line.startswith(prefix.encode()) for prefix in self._format.ignored_prefixes)

    def _kind_due(self, now_s: float) -> FrameKind | None:
        """Return the kind of the frame that is to be taken now; None when none is."""
        following = self._plan.next()
        return None if following is None or following[1] > now_s else following[0]

    def _switch_light(self, kind: FrameKind) -> bool:
        """Switch the light if the kind needs it; True where that was to be done."""
        if not self._format.switches_light or not self._light.is_due(kind):
            return False
        is_on = self._light.wanted(kind)
        self._out.append(self._format.light_command if is_on else self._format.dark_command)
        self._light.switched(is_on)
        return True

    def _needs_axis(self) -> bool:
        return self._format.axis != "pixel" and self._axis.known is None

    def _connect(self, now_s: float) -> list[LinkEvent]:
        """Say who is there, once that is known."""
        is_nameless = bool(self._format.identify_command) and self._serial is None
        if self._description is not None or is_nameless or self._needs_axis():
            return []
        self._description = self._describe()
        return [Connected(self._description)]

    def _describe(self) -> Description:
        it, laser_nm = self._format, self._settings.laser_wavelength_nm
        return Description(
            instrument_id=self._serial or self._settings.instrument_id or it.model,
            boot_id=self._settings.boot_id,
            pixel_count=it.pixel_count,
            saturation_counts=it.saturation_counts,
            laser_wavelength_nm=laser_nm,
            wavelength_coefficients_nm=it.wavelength_coefficients_nm,
            wavelength_nm=wavelengths_nm(self._axis.known, it, laser_nm),
            retains_until_ack=False,
            model=it.model,
        )

    def _take_axis(self, reading: Reading) -> list[LinkEvent] | None:
        """Return what a reading's axis changes; None where the reading is not to be trusted."""
        known = self._axis.take(reading.axis)
        if known == "doubtful":
            return None
        if known == "new" and self._description is not None:
            self._description = self._describe()
            return [Redescribed(self._description)]
        return []

    def _frame(
        self, reading: Reading, kind: FrameKind, begun_s: float, now_s: float
    ) -> list[LinkEvent]:
        if self._description is None:
            return []
        name = self._description.instrument_id
        frame = self._frames.add(name, reading.counts, kind, begun_s, now_s)
        if frame is None:
            return []
        self._plan.taken(kind, begun_s)
        return [frame]
