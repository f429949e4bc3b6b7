"""The rate of the line: asked for once, tried, and given up where nobody answers at it.

::

               SetBaud done, or not answered     Describe
    waking ────────────────────────▶ trying ─────────────▶ fast
      │ ▲                            │ │  ▲   silent for 1 s │
      │ └── no Describe, and it ─────┘ │  └─────────────────┘
      │     served for 10 s before     │ no Describe, and it
      ▼ refused                        ▼ did not serve
    settled ◀──────────────────────────┘

After SetBaud it is tried for 1 s, after silence for 0.5 s: a device that boots anew is met at its
wake-up rate within 2 s. A port that is opened anew begins at waking. There, and where a fast line
fell back, the fast rate is tried twice more when nobody answers Hello for 0.4 s: a plug that was
pulled for a moment, or a host that died, leaves the instrument at it. Not oftener: an instrument
that hears Hello at a rate at which it is not heard itself would stay there.
"""

from __future__ import annotations

import math
from typing import Literal

from firmware_bridge.link.events import BaudChanged
from firmware_bridge.link.settings import LinkSettings
from firmware_bridge.messages import Describe, SetBaud

TRIAL_S = 1.0
RECALL_S = 0.5
# At the fast rate it is asked so often how it is, and tried again after so long a silence.
PULSE_S = 0.5
SILENT_S = 1.0
# A rate that served so long is asked for again after a reboot; one that did not is not trusted.
PROVEN_S = 10.0
REVISIT_AFTER_S = 0.4
_REVISITS = 2
BaudState = Literal["waking", "trying", "fast", "settled"]


class BaudNegotiation:
    """Decide at which rate the host's end of the line runs.

    Parameters
    ----------
    settings : LinkSettings
    """

    def __init__(self, settings: LinkSettings) -> None:
        self._wake_baud = settings.wake_baud
        self._fast_baud = settings.fast_baud
        self._asked_baud = settings.fast_baud or settings.wake_baud
        self._trial_s = TRIAL_S
        self._trial_ends_s = 0.0
        self._fast_since_s: float | None = None
        self.reset()

    def reset(self) -> None:
        """Begin anew: the port was opened again, at the wake-up rate."""
        self._rest: BaudState = "waking"
        self._revisits = _REVISITS if self._asked_baud != self._wake_baud else 0
        self._revisit_due_s: float | None = None
        self._fast_since_s = None
        self.state: BaudState = "waking"
        self.wanted: int | None = None

    @property
    def pulse_s(self) -> float:
        """How often the instrument is to be heard of at the present rate, s."""
        return PULSE_S if self.state == "fast" else math.inf

    def order(self, description: Describe) -> SetBaud | None:
        """Return what is to be asked of an instrument; None where its rate is to stay."""
        if self._fast_baud is None or self.state != "waking":
            return None
        baud = min(self._fast_baud, description.baud_max)
        if baud in (0, self._wake_baud):
            return None
        self._asked_baud = baud
        return SetBaud(baud)

    def done(self, now_s: float) -> None:
        """Change the rate: the instrument does it now."""
        self._met()
        self._fast_since_s = None
        self.wanted = self._asked_baud
        self._try(TRIAL_S, now_s)

    def declined(self) -> BaudChanged:
        """Stay at the wake-up rate, as it was refused."""
        self.state = self._rest = "settled"
        return BaudChanged(self._wake_baud, f"{self._asked_baud} bit/s: refused")

    def described(self, now_s: float) -> list[BaudChanged]:
        """Note that the instrument answers at the present rate."""
        self._met()
        if self.state != "trying":
            return []
        self.state = "fast"
        if self._fast_since_s is not None:
            return []
        self._fast_since_s = now_s
        return [BaudChanged(self._asked_baud)]

    def poll(self, now_s: float, silent_s: float) -> BaudChanged | None:
        """Watch over the rate; return the fall-back when it comes to that."""
        if self.state == "fast" and silent_s >= SILENT_S:
            self._try(RECALL_S, now_s)
        if self.state == self._rest and self._revisits > 0:
            self._wait_to_revisit(now_s)
        if self.state != "trying" or now_s < self._trial_ends_s:
            return None
        if self._revisit_due_s is None:
            return self._give_up(now_s)
        # nothing was said of this trial, and nothing is
        self._revisit_due_s = None
        self.state, self.wanted = self._rest, self._wake_baud
        return None

    def _give_up(self, now_s: float) -> BaudChanged:
        was_fast_s = None if self._fast_since_s is None else now_s - self._fast_since_s
        self._rest = "settled" if was_fast_s is None or was_fast_s < PROVEN_S else "waking"
        self._revisits = 0 if was_fast_s is None else _REVISITS
        self._fast_since_s = None
        self.state, self.wanted = self._rest, self._wake_baud
        reason = f"nobody answered at {self._asked_baud} bit/s for {self._trial_s:g} s"
        return BaudChanged(self._wake_baud, reason)

    def _met(self) -> None:
        self._revisits, self._revisit_due_s = 0, None

    def _wait_to_revisit(self, now_s: float) -> None:
        if self._revisit_due_s is None:
            self._revisit_due_s = now_s + REVISIT_AFTER_S
        elif now_s >= self._revisit_due_s:
            self._revisits -= 1
            self.wanted = self._asked_baud
            self._try(RECALL_S, now_s)

    def _try(self, trial_s: float, now_s: float) -> None:
        self.state = "trying"
        self._trial_s = trial_s
        self._trial_ends_s = now_s + trial_s
