from __future__ import annotations

import pytest

pytest.importorskip("torch")
pytest.importorskip("onnx")

import numpy as np

from edge.bundle.manifest import Precision
from export.latency import Timings, measure_latency
from export.selection import Wanted, select

pytestmark = pytest.mark.train


def _timings(fp32: float, int8: float, x86: float, jitter: float = 0.02) -> Timings:
    chance = np.random.default_rng(0)
    medians = {"onnx/fp32": fp32, "onnx/int8": int8, "onnx/int8.x86": x86}
    return Timings(
        {name: median * chance.lognormal(0.0, jitter, (21, 5)) for name, median in medians.items()}
    )


@pytest.mark.parametrize(
    ("timings", "machine", "bundled", "precision"),
    [
        # the x86 form comes along only where it is faster
        (_timings(90, 60, 40), "x86_64", ("int8", "int8.x86"), "int8.x86"),
        (_timings(90, 40, 60), "x86_64", ("int8",), "int8"),
        (_timings(90, 40, 60), "AMD64", ("int8",), "int8"),
        # fp32 only where it is faster than the faster of both
        (_timings(30, 60, 40), "x86_64", ("int8", "int8.x86", "fp32"), "fp32"),
        (_timings(30, 40, 60), "x86_64", ("int8", "fp32"), "fp32"),
        # what cannot be told apart stays small
        (_timings(39.9, 40, 40, 0.5), "x86_64", ("int8",), "int8"),
    ],
)
def test_the_fastest_here_is_bundled_and_recommended(
    timings: Timings, machine: str, bundled: tuple[Precision, ...], precision: Precision
) -> None:
    chosen = select("int8", timings, machine)

    assert chosen.bundled == bundled
    assert chosen.precision == {"default": "int8", machine: precision, "tensorrt": "int8"}
    assert {c.faster for c in chosen.comparisons} == {"int8.x86", "fp32"}


def test_where_x86_cannot_be_measured_its_form_comes_along() -> None:
    chosen = select("int8", _timings(90, 40, 20), "aarch64")

    assert chosen.bundled == ("int8", "int8.x86")
    assert chosen.precision == {
        "default": "int8",
        "x86_64": "int8.x86",
        "aarch64": "int8",
        "tensorrt": "int8",
    }
    assert [(c.faster, c.than) for c in chosen.comparisons] == [("fp32", "int8")]


@pytest.mark.parametrize(("wanted", "bundled"), [("fp16", ("fp32", "fp16")), ("fp32", ("fp32",))])
def test_processors_run_fp32_beside_fp16(wanted: Wanted, bundled: tuple[Precision, ...]) -> None:
    chosen = select(wanted, _timings(90, 60, 40), "x86_64")

    assert chosen.bundled == bundled
    assert chosen.precision == {"default": "fp32", "tensorrt": wanted}


def test_ratios_are_paired_by_round() -> None:
    load = np.array([[1.0], [10.0], [3.0], [1.0], [7.0]])  # of the machine, by round
    timings = Timings({"onnx/fp32": 100 * load, "onnx/int8": 50 * load})

    ratio = timings.ratio("onnx/int8", "onnx/fp32")

    assert (ratio.mean, ratio.low, ratio.high) == pytest.approx((0.5, 0.5, 0.5))
    assert timings.latency("onnx/int8").median_us == 150
    assert timings.latency("onnx/int8").ratio == ratio


@pytest.mark.parametrize("rounds", [6, 9, 41])
def test_the_interval_of_a_ratio_holds_its_median_as_often_as_it_says(rounds: int) -> None:
    chance, held = np.random.default_rng(0), 0
    for _ in range(400):
        times = chance.lognormal(0.0, 0.3, (rounds, 1))  # the true ratio is one
        ratio = Timings({"a": times, "b": np.ones_like(times)}).ratio("a", "b")
        held += ratio.low <= 1.0 <= ratio.high

    assert held / 400 > 0.95


def test_runners_take_turns_in_a_drawn_order() -> None:
    order: list[str] = []

    def runner(name: str) -> object:
        return lambda batch: order.append(name)

    timings = measure_latency(
        {"onnx/fp32": runner("a"), "onnx/int8": runner("b")},  # type: ignore[dict-item]
        np.ones(8, dtype=np.float32),
        rounds=4,
    )

    turns = set(zip(order[::2], order[1::2], strict=True))
    assert turns == {("a", "b"), ("b", "a")}
    assert all((times > 0).all() for times in timings.times_us.values())
