"""Claims of Soysal et al. 2025 on classical methods and networks: §3, §4, figures S9 to S16."""

from __future__ import annotations

from itertools import product

from train.reproduction.claim import Claim
from train.reproduction.claim_rules import (
    All,
    AtLeast,
    Higher,
    InBothProtocols,
    Rule,
    Says,
    row,
)

_SETS = ("raw", "clean")
_WITH = {"plain": "not augmented", "augmented": "augmented"}
_METHODS = {"cnn": "CNN", "cnn_knn": "CNN + KNN", "mlp": "MLP", "knn": "KNN"}
_MLPS = {"mlp_small": "small", "mlp_mid": "mid", "mlp_large": "large"}


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
            for name, (augmented, said) in product(_SETS, _WITH.items())
            for method in ("cnn_knn", "mlp", "knn")
        }
    )


def _cnn_better_on_raw(specimen: bool) -> Rule:
    return All(
        {
            said: Higher(
                _bar("cnn", "raw", augmented, specimen), _bar("cnn", "clean", augmented, specimen)
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
            for (method, words), name in product(_METHODS.items(), _SETS)
        }
    )


def _between(specimen: bool) -> Rule:
    parts: dict[str, Rule] = {}
    for name, (augmented, said) in product(_SETS, _WITH.items()):
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


def _curve(network: str, name: str, key: str) -> str:
    return row("curves", f"{network}.{name}.{key}")


def _all_sets(part: dict[str, tuple[str, str, str]]) -> Rule:
    """Return a rule for both sets: what is read off is higher of one network than of another."""
    return All(
        {
            f"{said}, {name}": Higher(_curve(first, name, key), _curve(second, name, key))
            for name in _SETS
            for said, (key, first, second) in part.items()
        }
    )


def _looks_at(mineral: str) -> Rule:
    return AtLeast(row("gradcam", f"{mineral}.enrichment"), 1.5)


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
        InBothProtocols(_cnn_better_on_raw(False), _cnn_better_on_raw(True)),
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
    Claim(
        "curves.small_underfits",
        "Soysal et al. 2025, §4.2, figures S9 and S10",
        "The small MLP underfits: its training loss stays above those of the larger ones.",
        _all_sets(
            {
                "over mid": ("train_end", "mlp_small", "mlp_mid"),
                "over large": ("train_end", "mlp_small", "mlp_large"),
            }
        ),
    ),
    Claim(
        "curves.large_overfits",
        "Soysal et al. 2025, §4.2, figures S13 and S14",
        "The large MLP overfits: its validation loss stands furthest above its training loss.",
        _all_sets(
            {
                "over small": ("gap_end", "mlp_large", "mlp_small"),
                "over mid": ("gap_end", "mlp_large", "mlp_mid"),
            }
        ),
    ),
    Claim(
        "curves.mid_steady",
        "Soysal et al. 2025, §4.2, figures S11 and S12",
        "The mid MLP has the smallest gap between training and validation loss.",
        _all_sets(
            {
                "under small": ("gap_end", "mlp_small", "mlp_mid"),
                "under large": ("gap_end", "mlp_large", "mlp_mid"),
            }
        ),
    ),
    Claim(
        "curves.cnn_lowest",
        "Soysal et al. 2025, §4.2, figures S15 and S16",
        "The CNN reaches the lowest validation loss.",
        _all_sets({f"under {said}": ("least", key, "cnn") for key, said in _MLPS.items()}),
    ),
    Claim(
        "curves.cnn_fastest",
        "Soysal et al. 2025, §4.2, figures S15 and S16",
        "The CNN converges in the fewest epochs.",
        _all_sets({f"before {said}": ("least_at", key, "cnn") for key, said in _MLPS.items()}),
    ),
    Claim(
        "gap.raw",
        "Soysal et al. 2025, §4.2",
        "The CNN's most probable mineral leads by more on raw spectra than on clean ones.",
        Higher(row("confidence-gap", "gap.raw"), row("confidence-gap", "gap.clean")),
    ),
    Claim(
        "gradcam.carbonates",
        "Soysal et al. 2025, §4.2.1, figure 8",
        "Of dolomite and rhodochrosite the CNN looks at the lines near 1090 and 300 cm⁻¹: there "
        "lies at least 1.5 times the share of the map that an even one would have.",
        All({"dolomite": _looks_at("dolomite"), "rhodochrosite": _looks_at("rhodochrosite")}),
    ),
    Claim(
        "gradcam.conichalcite",
        "Soysal et al. 2025, §4.2.1, figure 10",
        "Of conichalcite it looks at 834, 470, 330 and 200 cm⁻¹ (1.5 times).",
        _looks_at("conichalcite"),
    ),
    Claim(
        "gradcam.vanadinite",
        "Soysal et al. 2025, §4.2.1, figure 11",
        "Of vanadinite it looks at 848 and 290 to 370 cm⁻¹, and at the emptiness of 400 to 650 "
        "(1.5 times).",
        _looks_at("vanadinite"),
    ),
    Claim(
        "gradcam.diopside",
        "Soysal et al. 2025, §4.2.1, figure 9",
        "Diopside is mistaken for hedenbergite.",
        Says(row("gradcam", "diopside.said"), "Hedenbergite"),
    ),
)
