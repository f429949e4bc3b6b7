"""What was chosen when a backbone was made smaller, and what was measured to choose it."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from export.calibration_methods import Method
from export.closeness import Closeness

Why = Literal["quantized", "little work", "harms"]


class CalibrationMeasure(BaseModel):
    """What one calibration method gave with every node quantized that has work enough."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    method: Method = Field(description="how far int8 reaches")
    closeness: Closeness = Field(description="of the file to fp32")


class NodeMeasure(BaseModel):
    """A node that could be quantized."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(description="in the ONNX file")
    operator: str = Field(description="of ONNX")
    weights: int = Field(ge=0, description="constants it multiplies with")
    work: float = Field(ge=0, description="multiplications for each value read or written")
    sqnr_db: float = Field(
        description="of the embedding with this node alone quantized, dB; the least harms most"
    )
    why: Why = Field(
        description="quantized; in float because int8 has little work to save there, or harms"
    )


class HalfMeasure(BaseModel):
    """The fp16 file."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    nodes: int = Field(ge=0, description="nodes that compute in float16")
    of: int = Field(ge=0, description="nodes of the graph")
    weighted: tuple[str, ...] = Field(
        description="convolutions and products among those in float16, by name"
    )
    closeness: Closeness = Field(description="of the file to fp32")


class QuantizationScheme(BaseModel):
    """How the int8 and fp16 files came about; judged on spectra of the training part alone."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    calibration_spectra: int = Field(ge=1, description="spectra that set the scales")
    validation_spectra: int = Field(ge=1, description="others, by which choices were judged")
    mixed_spectra: int = Field(ge=1, description="mixtures of two of those")
    calibration: Method | None = Field(
        description="chosen: the largest ratio of embedding to error; none where nothing is int8"
    )
    methods: tuple[CalibrationMeasure, ...] = Field(description="what each method measured")
    nodes: tuple[NodeMeasure, ...] = Field(description="every node that could be quantized")
    int8: Closeness = Field(description="of the int8 file to fp32")
    fp16: HalfMeasure = Field(description="which nodes of the fp16 file are float16")

    @property
    def quantized(self) -> tuple[str, ...]:
        """The names of the quantized nodes."""
        return tuple(node.name for node in self.nodes if node.why == "quantized")

    @property
    def most_harmful(self) -> NodeMeasure | None:
        """The quantized node whose quantization costs most; None where nothing is quantized."""
        quantized = [node for node in self.nodes if node.why == "quantized"]
        return min(quantized, key=lambda node: node.sqnr_db, default=None)
