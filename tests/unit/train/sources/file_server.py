"""A web server on this machine that serves one file, as well or as badly as it is told."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass(slots=True)
class Behaviour:
    """What the server does.

    Parameters
    ----------
    content, content_type, tag : of the file; no tag if None
    honours_range : or else sends all of it again
    statuses : of the first requests; 200 and 206 after
    breaks_after : bytes after which the first requests break off
    stalls_after : bytes after which it waits for `go_on`
    asked : ranges of the requests so far, None where none was asked for
    """

    content: bytes
    content_type: str = "application/zip"
    tag: str | None = '"one"'
    honours_range: bool = True
    statuses: list[int] = field(default_factory=list)
    breaks_after: list[int] = field(default_factory=list)
    stalls_after: int | None = None
    stalled: threading.Event = field(default_factory=threading.Event)
    go_on: threading.Event = field(default_factory=threading.Event)
    asked: list[str | None] = field(default_factory=list)
    pages: dict[str, bytes] = field(default_factory=dict)


@contextmanager
def serve(behaviour: Behaviour) -> Iterator[str]:
    """Serve until left; yields the file's address."""
    handler = type("Handler", (_Handler,), {"behaviour": behaviour})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/file.zip"
        finally:
            behaviour.go_on.set()
            server.shutdown()
            thread.join()


class _Handler(BaseHTTPRequestHandler):
    behaviour: Behaviour

    def do_GET(self) -> None:
        told = self.behaviour
        content = told.pages.get(self.path.lstrip("/"), told.content)
        told.asked.append(self.headers.get("Range"))
        if told.statuses:
            status = told.statuses.pop(0)
            if status != 200:
                self.send_error(status)
                return
        start = self._start()
        if start is not None and start >= len(content):
            self.send_response(416)
            self.send_header("Content-Range", f"bytes */{len(content)}")
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        self.send_response(200 if start is None else 206)
        self.send_header("Content-Type", told.content_type)
        self.send_header("Content-Length", str(len(content) - (start or 0)))
        if told.tag is not None:
            self.send_header("ETag", told.tag)
        if start is not None:
            self.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
        self.end_headers()
        self._send(content[start or 0 :])

    def _start(self) -> int | None:
        found = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))
        same = self.headers.get("If-Range") in (None, self.behaviour.tag)
        return int(found[1]) if found and same and self.behaviour.honours_range else None

    def _send(self, body: bytes) -> None:
        told = self.behaviour
        if told.breaks_after:
            self.wfile.write(body[: told.breaks_after.pop(0)])
        elif told.stalls_after is not None:
            self.wfile.write(body[: told.stalls_after])
            self.wfile.flush()
            told.stalled.set()
            told.go_on.wait(60)
        else:
            self.wfile.write(body)
        self.close_connection = True

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        pass
