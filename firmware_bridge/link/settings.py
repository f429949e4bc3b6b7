"""How patient the link is, and what it asks of the instrument."""

from __future__ import annotations

from dataclasses import dataclass

from firmware_bridge.commands import Configure


@dataclass(frozen=True, slots=True)
class LinkSettings:
    """Settings of a link session.

    Parameters
    ----------
    configure : Configure or None
        Sent after each connection, before `Start`.
    start_on_connect : bool
        Send `Start` after each connection.
    start_count : int
        Light spectra to ask for; 0 means until stopped.
    hello_interval_s : float, s
        Between one `Hello` and the next while nobody answers.
    reply_timeout_s : float, s
        How long an answer to a command may take.
    command_attempts : int
        After so many unanswered tries the conversation starts again with `Hello`.
    refused_retry_s : float, s
        Before a refused `Start` is tried again.
    status_interval_s : float, s
        Between one `StatusRequest` and the next: the link's pulse. At `fast_baud` 0.5 at most.
    silent_after_s : float, s
        Nothing intelligible for so long is `InstrumentSilent`.
    reopen_after_silent_s : float, s
        Nothing for so long, and the port is closed and opened again.
    fragment_timeout_s : float, s
        How long a begun frame may stand still, beyond the time of two fragments at
        `wake_baud`, before the rest is asked for.
    fragment_attempts : int
        After so many requests without anything new the incomplete frame is dropped.
    max_incomplete_frames : int
        Frames held incomplete at most: bounds the memory.
    credit_frames : int
        Frames on their way or not yet acknowledged by the caller, at most: the instrument
        keeps the rest to itself, so a slow caller is never overrun.
    time_sync_interval_s : float, s
        Between one reading of the instrument's clock and the next.
    reopen_min_s, reopen_max_s : float, s
        Back-off between tries to open the port.
    poll_interval_s : float, s
        The longest single wait for bytes, so that time-outs are seen in time.
    write_timeout_s : float, s
        How long a write may take before the port counts as lost.
    wake_baud : int, bit/s
        The rate the instrument wakes at: the port was opened with it, and the host returns to it.
    fast_baud : int or None, bit/s
        The rate to ask the instrument for once it is known; None: it stays at `wake_baud`.
    """

    configure: Configure | None = None
    start_on_connect: bool = True
    start_count: int = 0
    hello_interval_s: float = 0.25
    reply_timeout_s: float = 0.5
    command_attempts: int = 6
    refused_retry_s: float = 5.0
    status_interval_s: float = 1.0
    silent_after_s: float = 4.0
    reopen_after_silent_s: float = 15.0
    fragment_timeout_s: float = 0.25
    fragment_attempts: int = 10
    max_incomplete_frames: int = 16
    credit_frames: int = 16
    time_sync_interval_s: float = 30.0
    reopen_min_s: float = 0.1
    reopen_max_s: float = 0.5
    poll_interval_s: float = 0.05
    write_timeout_s: float = 0.5
    wake_baud: int = 115_200
    fast_baud: int | None = None
