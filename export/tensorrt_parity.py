"""The TensorRT runner where there is one, or the reason why there is none."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from edge.bundle.manifest import Precision
from edge.errors import RunnerError
from edge.runners import Runner
from edge.runners.tensorrt_settings import TensorrtSettings
from export.precisions import Backbones

ASKED: tuple[Precision, ...] = ("int8", "fp16")


@dataclass(slots=True)
class Tensorrt:
    """Tries TensorRT; what failed once is not tried again.

    Parameters
    ----------
    tell : is told how builds go
    absent : why there is no such runner, by name
    """

    tell: Callable[[str], None] = lambda text: None
    absent: dict[str, str] = field(default_factory=dict)

    @contextmanager
    def runners(self, backbones: Backbones, batch: int) -> Iterator[dict[str, Runner]]:
        """Yield the runners that start, by name; engines are built for it and thrown away."""
        from edge.runners.tensorrt import TensorrtRunner

        with TemporaryDirectory(prefix="outcrop-engines-") as folder, ExitStack() as stack:
            found: dict[str, Runner] = {}
            for precision in ASKED:
                name = f"tensorrt/{precision}"
                if name in self.absent:
                    continue
                settings = TensorrtSettings(Path(folder), batch)
                content = backbones.files[precision]
                runner = TensorrtRunner(
                    content, precision, backbones.backbone_id, settings, self.tell
                )
                try:
                    found[name] = stack.enter_context(runner)
                except RunnerError as error:
                    self.absent[name] = str(error)
            yield found
