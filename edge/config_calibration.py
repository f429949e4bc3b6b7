"""The `[calibration]` section: which darks and drifts are believed, and who sets the exposure."""

from __future__ import annotations

from pydantic import Field, model_validator
from typing_extensions import Self

from edge.calibration import DarkRules
from edge.config_sections import Section


class CalibrationConfig(Section):
    """From counts to Raman shift, for every instrument."""

    max_dark_age_s: float = Field(
        default=3_600,
        gt=0,
        le=1e9,
        description="an older dark frame is not subtracted, s on the instrument's clock",
    )
    max_dark_difference_c: float = Field(
        default=3,
        gt=0,
        le=200,
        description="nor one taken when the detector was so much warmer or colder, °C",
    )
    darks_averaged: int = Field(
        default=4, ge=1, le=64, description="so many dark frames of one exposure at most"
    )
    apply_drift: bool = Field(
        default=True,
        description="shift the axis of an instrument by what its last calibration target said",
    )
    max_drift_cm1: float = Field(
        default=40, gt=0, le=200, description="a larger drift is not believed, cm⁻¹"
    )
    max_drift_sigma_cm1: float = Field(
        default=2, gt=0, le=50, description="nor one that is less certain, cm⁻¹"
    )
    auto_integration: bool = Field(
        default=False, description="change the integration time until the highest line fits"
    )
    target_level: float = Field(
        default=0.6,
        ge=0.1,
        le=0.9,
        description="where the highest line is to be, between dark (0) and saturation (1)",
    )
    shortest_integration_ms: float = Field(
        default=1, ge=0.001, le=600_000, description="of the automatic ones, ms"
    )
    longest_integration_ms: float = Field(
        default=10_000, ge=0.001, le=600_000, description="of the automatic ones, ms"
    )

    @model_validator(mode="after")
    def _shortest_is_shorter(self) -> Self:
        if self.shortest_integration_ms > self.longest_integration_ms:
            raise ValueError("shortest_integration_ms is longer than longest_integration_ms")
        return self

    def dark_rules(self) -> DarkRules:
        """Return what a dark frame has to be like to be subtracted."""
        return DarkRules(self.max_dark_age_s, self.max_dark_difference_c, self.darks_averaged)
