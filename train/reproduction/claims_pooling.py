"""Claims of Soysal et al. 2025 on pooling and displacement: §5, §9, tables 3 to 6."""

from __future__ import annotations

from itertools import product

from train.reproduction.claim import Claim
from train.reproduction.claim_rules import All, AtLeast, Higher, InBothProtocols, Rule, row

_TOPS = ("top1", "top3")
_KNOBS = {"m": ("table3", "m2", "m64"), "n": ("table4", "n1", "n10")}


def _costs(knob: str, specimen: bool) -> Rule:
    target, little, much = _KNOBS[knob]
    return All(
        {
            top: Higher(
                row(target, f"{little}.+0.{top}", specimen=specimen),
                row(target, f"{much}.+0.{top}", specimen=specimen),
            )
            for top in _TOPS
        }
    )


def _tolerates(knob: str, specimen: bool) -> Rule:
    target, little, much = _KNOBS[knob]
    return All(
        {
            f"{displacement} cm⁻¹, {top}": Higher(
                row(target, f"{much}.{displacement}.{top}", specimen=specimen),
                row(target, f"{little}.{displacement}.{top}", specimen=specimen),
            )
            for displacement, top in product(("+15", "+30"), _TOPS)
        }
    )


def _collapses(specimen: bool) -> Rule:
    return All(
        {
            key: Higher(
                row(target, f"{key}.+0.top3", specimen=specimen),
                row(target, f"{key}.+30.top3", specimen=specimen),
                factor=2.0,
            )
            for target, key, _ in _KNOBS.values()
        }
    )


def _for_free(specimen: bool) -> Rule:
    still = row("table3", "m64.+0.top1", specimen=specimen)
    return All(
        {
            "m = 64 unshifted, at most 3 points below m = 2": Higher(
                still, row("table3", "m2.+0.top1", specimen=specimen), by=-3.0
            ),
            "m = 64 at +30, at most 3 points below unshifted": Higher(
                row("table3", "m64.+30.top1", specimen=specimen), still, by=-3.0
            ),
        }
    )


CLAIMS_ON_POOLING: tuple[Claim, ...] = (
    Claim(
        "pooling.m_costs",
        "Soysal et al. 2025, §5.2, table 3",
        "A larger pooling size m costs accuracy on unshifted spectra.",
        InBothProtocols(_costs("m", False), _costs("m", True)),
    ),
    Claim(
        "pooling.m_tolerates",
        "Soysal et al. 2025, §5.2, table 3",
        "A larger pooling size m tolerates displacements of 15 and 30 cm⁻¹ better.",
        InBothProtocols(_tolerates("m", False), _tolerates("m", True)),
    ),
    Claim(
        "pooling.n_costs",
        "Soysal et al. 2025, §5.2, table 4",
        "More pooling layers n cost accuracy on unshifted spectra.",
        InBothProtocols(_costs("n", False), _costs("n", True)),
    ),
    Claim(
        "pooling.n_tolerates",
        "Soysal et al. 2025, §5.2, table 4",
        "More pooling layers n tolerate displacements of 15 and 30 cm⁻¹ better.",
        InBothProtocols(_tolerates("n", False), _tolerates("n", True)),
    ),
    Claim(
        "pooling.little_collapses",
        "Soysal et al. 2025, §5.2, tables 3 and 4",
        "With little pooling the top-3 at 30 cm⁻¹ is less than half of the unshifted one.",
        InBothProtocols(_collapses(False), _collapses(True)),
    ),
    Claim(
        "pooling.for_free",
        "Soysal et al. 2025, §9 (2)",
        "Pooling absorbs displacements of up to 30 cm⁻¹ without loss of accuracy (3 points).",
        InBothProtocols(_for_free(False), _for_free(True)),
    ),
    Claim(
        "pooling.pyrosmalite",
        "Soysal et al. 2025, §5.2, tables 5 and 6",
        "Displaced by 30 cm⁻¹, most PyrosmaliteFe stays among the top-3, with much pooling only.",
        All(
            {
                "n = 10": AtLeast(row("table5", "n10.+30.top3"), 50.0),
                "m = 64": AtLeast(row("table6", "m64.+30.top3"), 50.0),
                "n": Higher(row("table5", "n10.+30.top3"), row("table5", "n1.+30.top3")),
                "m": Higher(row("table6", "m64.+30.top3"), row("table6", "m2.+30.top3")),
            }
        ),
    ),
)
