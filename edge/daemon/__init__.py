"""The daemon: threads that keep frames, acknowledge them, and classify what was kept."""

from edge.daemon.daemon import Daemon

__all__ = ["Daemon"]
