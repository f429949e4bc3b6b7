"""What the settings of every model and comparator are."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class ModelSettings(BaseModel):
    """One `[model]`: frozen, unknown keys refused; `name` says which model it is of."""

    model_config = ConfigDict(extra="forbid", frozen=True)
