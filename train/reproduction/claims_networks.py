"""Claims of Soysal et al. 2025 on classical methods and networks: §3, §4.2, figure 7."""

from __future__ import annotations

from itertools import product

from train.reproduction.claim import Claim
from train.reproduction.claim_rules import (
    All,
    Higher,
    InBothProtocols,
    Rule,
    row,
)

_SETS = ("raw", "clean")
_BY_SPECIMEN = ("raw",)  # figure 7 divides the clean set in the paper's way only
_WITH = {"plain": "not augmented", "augmented": "augmented"}
_METHODS = {"cnn": "CNN", "cnn_knn": "CNN + KNN", "mlp": "MLP", "knn": "KNN"}


def _sets(specimen: bool) -> tuple[str, ...]:
    return _BY_SPECIMEN if specimen else _SETS


def _bar(method: str, name: str, augmented: str, specimen: bool) -> str:
    return row("fig7", f"{method}.{name}.{augmented}", specimen=specimen)


def _wavelets(specimen: bool) -> Rule:
    return Higher(
        row("table1", "knn.wavelet", specimen=specimen),
        row("table1", "knn.local_maxima", specimen=specimen),
    )


def _cleaner(rule: str, specimen: bool) -> Rule:
    clean = row("table2", f"{rule}.clean", specimen=specimen)
    return All(
        {
            "63 minerals": Higher(clean, row("table2", f"{rule}.raw", specimen=specimen)),
            "all": Higher(clean, row("table2", f"{rule}.raw102", specimen=specimen)),
        }
    )


def _cnn_best(specimen: bool) -> Rule:
    return All(
        {
            f"{_METHODS[method]}, {name}, {said}": Higher(
                _bar("cnn", name, augmented, specimen), _bar(method, name, augmented, specimen)
            )
            for name, (augmented, said) in product(_sets(specimen), _WITH.items())
            for method in ("cnn_knn", "mlp", "knn")
        }
    )


def _cnn_better_on_raw() -> Rule:
    return All(
        {
            said: Higher(
                _bar("cnn", "raw", augmented, False), _bar("cnn", "clean", augmented, False)
            )
            for augmented, said in _WITH.items()
        }
    )


def _augmentation_helps(specimen: bool) -> Rule:
    return All(
        {
            f"{words}, {name}": Higher(
                _bar(method, name, "augmented", specimen), _bar(method, name, "plain", specimen)
            )
            for (method, words), name in product(_METHODS.items(), _sets(specimen))
        }
    )


def _between(specimen: bool) -> Rule:
    parts: dict[str, Rule] = {}
    for name, (augmented, said) in product(_sets(specimen), _WITH.items()):
        middle = _bar("cnn_knn", name, augmented, specimen)
        parts[f"over KNN, {name}, {said}"] = Higher(middle, _bar("knn", name, augmented, specimen))
        parts[f"under CNN, {name}, {said}"] = Higher(_bar("cnn", name, augmented, specimen), middle)
    return All(parts)


def _over_peaks(specimen: bool) -> Rule:
    cnn = _bar("cnn", "raw", "plain", specimen)
    return All(
        {
            "SVM": Higher(cnn, row("table2", "svm.raw", specimen=specimen)),
            "KNN": Higher(cnn, row("table2", "knn.raw", specimen=specimen)),
        }
    )


CLAIMS_ON_NETWORKS: tuple[Claim, ...] = (
    Claim(
        "peaks.wavelet",
        "Soysal et al. 2025, §3.1, table 1",
        "A nearest neighbour is right more often on wavelet peaks than on local maxima.",
        InBothProtocols(_wavelets(False), _wavelets(True)),
    ),
    Claim(
        "peaks.svm_clean",
        "Soysal et al. 2025, §3.2, table 2",
        "An SVM on counted peaks is better on clean spectra than on raw ones.",
        InBothProtocols(_cleaner("svm", False), _cleaner("svm", True)),
    ),
    Claim(
        "peaks.knn_clean",
        "Soysal et al. 2025, §3.2, table 2",
        "A nearest neighbour on counted peaks is better on clean spectra than on raw ones.",
        InBothProtocols(_cleaner("knn", False), _cleaner("knn", True)),
    ),
    Claim(
        "peaks.distances",
        "Soysal et al. 2025, §3.2, footnote",
        "Peak counts differ about twice as much between minerals as within one.",
        All(
            {
                name: Higher(
                    row("table2", f"inter.{name}"), row("table2", f"intra.{name}"), factor=1.8
                )
                for name in _SETS
            }
        ),
    ),
    Claim(
        "cnn.over_peaks",
        "Soysal et al. 2025, abstract (i), §4.2",
        "On raw spectra a CNN surpasses SVM and nearest neighbour on counted peaks.",
        InBothProtocols(_over_peaks(False), _over_peaks(True)),
    ),
    Claim(
        "cnn.best",
        "Soysal et al. 2025, §4.2, figure 7",
        "The CNN is the best of four methods on both sets, with and without augmentation.",
        InBothProtocols(_cnn_best(False), _cnn_best(True)),
    ),
    Claim(
        "cnn.raw",
        "Soysal et al. 2025, §4.2, figure 7",
        "The CNN is better on raw spectra than on clean ones.",
        _cnn_better_on_raw(),
    ),
    Claim(
        "augmentation.helps",
        "Soysal et al. 2025, §4.2, figure 7",
        "Augmentation makes every method better.",
        InBothProtocols(_augmentation_helps(False), _augmentation_helps(True)),
    ),
    Claim(
        "cnn_knn.between",
        "Soysal et al. 2025, §4.2, figure 7",
        "A nearest neighbour on the CNN's features beats one on peaks, and falls short of the CNN.",
        InBothProtocols(_between(False), _between(True)),
    ),
)
