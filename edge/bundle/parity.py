"""The few figures of `parity.json` that whoever is handed a bundle asks for.

The whole report is `export`'s, and grows with it; what is not known here is passed over.
"""

from __future__ import annotations

from pydantic import AliasChoices, BaseModel, Field, ValidationError

PARITY = "parity.json"


class ParityRow(BaseModel):
    """One exported form against the trained model."""

    runner: str = Field(
        validation_alias=AliasChoices("runner", "precision"), description="what ran"
    )
    agreement: float = Field(description="share with the same most probable mineral")
    top1: float = Field(description="accuracy on held-out spectra")


class ParitySummary(BaseModel):
    """How the exported forms compare with the trained model."""

    method: str = Field(description="on which spectra, with which models")
    rows: tuple[ParityRow, ...] = Field(
        validation_alias=AliasChoices("runners", "precisions"), description="one entry a form"
    )


def read_parity(content: bytes | None) -> ParitySummary | None:
    """Return the figures of a `parity.json`, None where there is none or it is of another make."""
    if content is None:
        return None
    try:
        return ParitySummary.model_validate_json(content)
    except ValidationError:  # signed as it is, and nothing depends on it
        return None
