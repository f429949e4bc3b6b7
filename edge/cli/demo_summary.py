"""What a demo came to: counted in the store, compared with what was shown."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from edge.bundle import TrustedKeys, read_bundle, shipped_bundle_path
from edge.bundle.manifest import CrossValidation
from edge.classifier import Classifier
from edge.cli.shown import spectra_to_show
from edge.cli.truth import Truth
from edge.data import normalize_label
from edge.evaluation import Evaluation, evaluate
from edge.store import Record, read_records


@dataclass(slots=True)
class Latencies:
    """Times from the last byte of a light frame, ms, out of the daemon's events.

    Parameters
    ----------
    kept_ms : to its record on the disk
    classified_ms : to its stored verdict
    """

    kept_ms: list[float] = field(default_factory=list)
    classified_ms: list[float] = field(default_factory=list)

    def take(self, event: dict[str, object]) -> None:
        """Note what one event of the daemon tells."""
        latency_ms = event.get("latency_ms")
        if not isinstance(latency_ms, float):
            return
        if event["event"] == "frame.kept" and event["kind"] == "light":
            self.kept_ms.append(latency_ms)
        elif event["event"] == "spectrum.classified":
            self.classified_ms.append(latency_ms)


@dataclass(frozen=True, slots=True)
class Summary:
    """Counts and times of one demo.

    Parameters
    ----------
    wanted : light spectra the instrument was to take
    taken : those it took
    unacknowledged : frames it still holds, dark ones too
    retains : whether it keeps a frame until that is acknowledged
    forgotten : frames that were not acknowledged when its power failed
    stored : of those it took, in the store, by their counts
    altered : light spectra in the store that it never took
    classified : of those, with a verdict that is not "invalid"
    invalid : kept and marked invalid
    n : verdicts on minerals that the bundle has a class for
    correct : of those, right
    n_outside_classes : verdicts on other minerals
    flagged_unknown : of those, marked as never seen
    direct : the same spectra judged without instrument, line and noise
    validation : what the bundle says of itself
    """

    wanted: int
    taken: int
    unacknowledged: int
    retains: bool
    forgotten: int
    stored: int
    altered: int
    classified: int
    invalid: int
    n: int
    correct: int
    n_outside_classes: int
    flagged_unknown: int
    latencies: Latencies
    direct: Evaluation
    validation: CrossValidation

    @property
    def lost(self) -> int:
        """Spectra that were to be taken and are not in the store."""
        return self.wanted - self.stored

    def fields(self) -> dict[str, object]:
        """Return what `--json` prints."""
        counts = [
            "wanted",
            "taken",
            "unacknowledged",
            "forgotten",
            "stored",
            "lost",
            "altered",
            "classified",
            "invalid",
            "n",
        ]
        counts += ["correct", "n_outside_classes", "flagged_unknown"]
        return {
            **{name: getattr(self, name) for name in counts},
            "kept_ms": _spread(self.latencies.kept_ms),
            "classified_ms": _spread(self.latencies.classified_ms),
            "direct_top1": self.direct.top1,
            "direct_n": self.direct.n,
        }

    def _acknowledged(self) -> str:
        if not self.retains:
            return "none: this instrument keeps nothing, a frame lost on the line is lost"
        text = f"all but {self.unacknowledged}" if self.unacknowledged else "all"
        return f"{text}, {self.forgotten} lost with the power" if self.forgotten else text

    def lines(self) -> list[tuple[str, str]]:
        """Return what a person is shown."""
        direct = round(self.direct.top1 * self.direct.n)
        validation = self.validation
        return [
            ("taken", f"{self.taken} of {self.wanted} spectra, by the instrument"),
            ("received, stored", f"{self.stored}, {self.lost} lost, {self.altered} altered"),
            ("acknowledged", self._acknowledged()),
            ("classified", f"{self.classified}, {self.invalid} invalid"),
            ("correct", f"{self.correct} of {self.n} of minerals the bundle knows"),
            ("  read directly", f"{direct} of {self.direct.n}, without line and detector noise"),
            ("unknown", f"{self.flagged_unknown} of {self.n_outside_classes} of other minerals"),
            ("last byte → kept", _times(self.latencies.kept_ms)),
            ("last byte → verdict", _times(self.latencies.classified_ms)),
            (
                "to be expected",
                f"{validation.top1:.1%} on specimens never seen ({validation.method}); "
                "higher on spectra the bundle was trained on",
            ),
        ]


def summarize(
    folder: Path,
    data: str,
    count: int,
    seed: int,
    latencies: Latencies,
    instrument: dict[str, int],
    *,
    retains: bool,
) -> Summary:
    """Compare a demo's store with what its instrument showed.

    Parameters
    ----------
    folder : of the demo: store and truth
    data, count, seed : what was shown, to judge the same spectra directly
    latencies : from the daemon's events
    instrument : what `outcrop simulate --json` said at its end
    retains : whether it keeps frames until they are acknowledged
    """
    bundle = read_bundle(shipped_bundle_path(), TrustedKeys.load(demo=True))
    with Classifier(bundle) as classifier:
        direct = evaluate(classifier, spectra_to_show(data, count, seed, quiet=True))
    truth = Truth(folder / "truth.jsonl", folder / "store")
    truth.read()
    records = list(read_records(folder / "store"))
    crcs = [truth.crc_of(record.identity) for record in records]
    shown = [
        _Shown(record, normalize_label(truth.labels[crc] or ""))
        for record, crc in zip(records, crcs, strict=True)
        if crc in truth.labels
    ]
    known = {normalize_label(name) for name in bundle.head.classes}
    inside = [it for it in shown if it.judged and it.label in known]
    outside = [it for it in shown if it.judged and it.label not in known]
    return Summary(
        wanted=count,
        taken=instrument["acquired"],
        unacknowledged=instrument["retained"],
        retains=retains,
        forgotten=instrument["forgotten"],
        stored=(truth.times & Counter(crc for crc in crcs if crc is not None)).total(),
        altered=len(records) - len(shown),
        classified=sum(it.judged for it in shown),
        invalid=sum(it.invalid for it in shown),
        n=len(inside),
        correct=sum(it.correct for it in inside),
        n_outside_classes=len(outside),
        flagged_unknown=sum(not it.known for it in outside),
        latencies=latencies,
        direct=direct,
        validation=bundle.manifest.cross_validation,
    )


@dataclass(frozen=True, slots=True)
class _Shown:
    """A stored record and what the instrument showed, normalized."""

    record: Record
    label: str

    @property
    def judged(self) -> bool:
        return self.record.verdict is not None and not self.invalid

    @property
    def invalid(self) -> bool:
        return self.record.verdict is not None and self.record.verdict.invalid is not None

    @property
    def known(self) -> bool:
        return self.record.verdict is not None and self.record.verdict.known

    @property
    def correct(self) -> bool:
        verdict = self.record.verdict
        return verdict is not None and normalize_label(verdict.label or "") == self.label


def _spread(values_ms: list[float]) -> dict[str, float] | None:
    if not values_ms:
        return None
    median, p99 = np.percentile(values_ms, [50, 99])
    return {"median": round(float(median), 3), "p99": round(float(p99), 3)}


def _times(values_ms: list[float]) -> str:
    spread = _spread(values_ms)
    return (
        "no figures"
        if spread is None
        else f"median {spread['median']:.2f} ms, p99 {spread['p99']:.2f} ms"
    )
