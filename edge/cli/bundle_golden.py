"""Golden spectra in every precision that a CPU is to run: for `verify`, and before signing."""

from __future__ import annotations

import platform

from edge.bundle import Bundle
from edge.bundle.manifest import Precision
from edge.classifier import Classifier


def run_golden(bundle: Bundle) -> tuple[list[str], list[Precision]]:
    """Run the golden spectra on the CPU, wherever the bundle allows a tolerance for that.

    Returns
    -------
    ran, left
        Runners that they held on, and precisions that are not meant for a CPU.

    Raises
    ------
    GoldenMismatchError
        If one gives something else.
    RunnerError
        If one cannot start.
    """
    recommended = bundle.manifest.precision_for(platform.machine())
    ran: list[str] = []
    left: list[Precision] = []
    for precision in bundle.precisions:
        if precision != recommended and f"onnx/{precision}" not in bundle.golden.tolerances:
            left.append(precision)
            continue
        with Classifier(bundle, precision) as classifier:
            ran.append(classifier.runner_name)
    return ran, left
