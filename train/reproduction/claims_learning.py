"""Claims of Soysal et al. 2025 on how networks learn and what they look at: §4.2, §4.2.1."""

from __future__ import annotations

from train.reproduction.claim import Claim
from train.reproduction.claim_rules import All, AtLeast, Higher, Rule, Says, row

_SETS = ("raw", "clean")
_MLPS = {"mlp_small": "small", "mlp_mid": "mid", "mlp_large": "large"}


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


CLAIMS_ON_LEARNING: tuple[Claim, ...] = (
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
        "Diopside is mistaken for hedenbergite, if not every time.",
        Says(row("gradcam", "diopside.said"), "Hedenbergite"),
    ),
)
