"""An explanation as a picture: the spectrum over its Grad-CAM, the gradient below it."""

from __future__ import annotations

import io
import warnings
from pathlib import PurePath

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from numpy.typing import NDArray

from edge.data import normalize_label
from edge.spectrum import AxisKind
from train.explanation.explanation import Explanation
from train.explanation.peaks import Peak

_INCHES, _PIXELS_PER_INCH = (12.0, 6.6), 100
_HEAT = "YlOrBr"
_FOR, _AGAINST = "#0072b2", "#d55e00"  # Okabe and Ito: told apart by every eye
_LINE = "#1a1a1a"
_UNITS: dict[AxisKind, str] = {"raman_shift_cm1": "cm⁻¹", "two_theta_deg": "°"}
_AXES: dict[AxisKind, str] = {"raman_shift_cm1": "Raman shift", "two_theta_deg": "2θ"}
_LONGEST_NAME = 110


def draw(explanation: Explanation) -> bytes:
    """Return the picture as the bytes of a PNG, 1200 pixels wide."""
    figure = Figure(_INCHES, dpi=_PIXELS_PER_INCH, layout="constrained")
    FigureCanvasAgg(figure)
    maps = explanation.maps
    panels = _panels(figure, with_gradient="gradient" in maps)
    _draw_spectrum(panels[0], explanation)
    if "grad_cam" in maps:
        _draw_heat(figure, panels[0], explanation, maps["grad_cam"])
    if "gradient" in maps:
        _draw_gradient(panels[1], explanation, maps["gradient"])
    kind = explanation.grid.axis_kind
    panels[-1].set_xlabel(f"{_AXES[kind]} / {_UNITS[kind]}")
    _draw_title(figure, explanation)
    with warnings.catch_warnings(), io.BytesIO() as buffer:
        warnings.filterwarnings("ignore", "Glyph .* missing", UserWarning)  # of a strange name
        figure.savefig(buffer, format="png")
        return buffer.getvalue()


def _panels(figure: Figure, *, with_gradient: bool) -> list[Axes]:
    ratios = [1.6, 1.0] if with_gradient else [1.0]
    axes = figure.subplots(len(ratios), 1, sharex=True, height_ratios=ratios, squeeze=False)
    return list(axes[:, 0])


def _draw_spectrum(panel: Axes, explanation: Explanation) -> None:
    axis, intensity = explanation.grid.values, explanation.intensity
    low = min(0.0, float(intensity.min()))
    panel.plot(axis, intensity, color=_LINE, linewidth=1.2)
    panel.set_xlim(axis[0], axis[-1])
    panel.set_ylim(low - 0.03, 1.22)
    panel.set_ylabel("intensity / maximum")
    for peak in explanation.peaks:
        _mark(panel, peak)


def _mark(panel: Axes, peak: Peak) -> None:
    panel.plot(peak.position, peak.height + 0.03, marker="v", markersize=4, color=_LINE)
    panel.annotate(
        f"{peak.position:.6g}",
        (peak.position, peak.height + 0.03),
        xytext=(0, 5),
        textcoords="offset points",
        rotation=90,
        ha="center",
        va="bottom",
        fontsize=9,
    )


def _draw_heat(
    figure: Figure, panel: Axes, explanation: Explanation, cam: NDArray[np.float64]
) -> None:
    axis, (low, high) = explanation.grid.values, panel.get_ylim()
    most = cam.max() if cam.max() > 0 else 1.0
    image = panel.imshow(
        cam[np.newaxis] / most,
        cmap=_HEAT,
        vmin=0,
        vmax=1.35,  # the darkest browns would hide the line
        aspect="auto",
        extent=(axis[0], axis[-1], low, high),
        zorder=0,
    )
    bar = figure.colorbar(image, ax=panel, pad=0.01, fraction=0.04, boundaries=np.linspace(0, 1))
    bar.set_ticks([0, 0.5, 1])
    step = explanation.grid.step * len(cam) / explanation.attribution.cam_points
    kind = "averaged Grad-CAM" if explanation.question.averaged else "Grad-CAM"
    bar.set_label(f"{kind} / largest, every {step:.3g} {_UNITS[explanation.grid.axis_kind]}")


def _draw_gradient(panel: Axes, explanation: Explanation, values: NDArray[np.float64]) -> None:
    axis = explanation.grid.values
    panel.fill_between(axis, values.clip(min=0), color=_FOR, label="raises the logit")
    panel.fill_between(axis, values.clip(max=0), color=_AGAINST, label="lowers it")
    panel.axhline(0, color=_LINE, linewidth=0.6)
    for peak in explanation.peaks:
        panel.axvline(peak.position, color="0.75", linewidth=0.6, zorder=0)
    panel.set_ylabel("gradient × height")
    panel.legend(loc="best", fontsize=9, ncols=2, title="a higher line here", title_fontsize=9)


def _draw_title(figure: Figure, explanation: Explanation) -> None:
    figure.suptitle(_text(verdict_line(explanation)), fontsize=14, parse_math=False)
    panel = figure.axes[0]
    panel.set_title(_text(source_line(explanation)), fontsize=9, color="0.3", parse_math=False)


def verdict_line(explanation: Explanation) -> str:
    """Say the verdict, what the maps explain if that is another mineral, and the truth."""
    known = {None: "not calibrated", True: "known", False: "unknown?"}[explanation.known]
    parts = [f"{explanation.label}, probability {explanation.probability:.2f}, {known}"]
    if explanation.explained != explanation.label:
        share = explanation.explained_probability
        parts.append(f"explained: {explanation.explained} ({share:.2g})")
    truth = explanation.sample.label
    if truth is not None:
        same = normalize_label(truth) == normalize_label(explanation.label)
        parts.append(f"true label: {truth}" + ("" if same else " (another)"))
    return "   |   ".join(parts)


def source_line(explanation: Explanation) -> str:
    """Say which spectrum and which model, and what is not shown."""
    name = f"{PurePath(explanation.sample.source).name}[{explanation.sample.index}]"
    if len(name) > _LONGEST_NAME:
        name = f"{name[: _LONGEST_NAME // 2]}…{name[-_LONGEST_NAME // 2 :]}"
    line = f"{name}   model {explanation.model}"
    cam = explanation.attribution.grad_cam
    if cam is None:
        line += "   (no convolution: gradient only)"
    elif "grad_cam" in explanation.maps and not cam.any():
        line += "   (Grad-CAM is zero everywhere: nothing in the feature map speaks for it)"
    return line


def _text(text: str) -> str:
    """Spell out what is no text: file names may hold any bytes."""
    return text.encode("utf-8", "backslashreplace").decode()
