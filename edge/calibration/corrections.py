"""What was done to a frame's counts and axis: kept with the verdict on it."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass


@dataclass(frozen=True, slots=True)
class Corrections:
    """What was done on the way from counts to a spectrum.

    Parameters
    ----------
    dark_averaged : dark frames whose mean was subtracted; 0: none
    dark_refused : why the newest dark frame was not among them; None where it was, or there is
        none
    cosmic_ray_pixels, dead_pixels : how many were bridged
    shift_nm : by how much the axis was shifted, nm: the drift that was known, undone
    """

    dark_averaged: int = 0
    dark_refused: str | None = None
    cosmic_ray_pixels: int = 0
    dead_pixels: int = 0
    shift_nm: float = 0.0

    def to_json(self) -> str:
        """Return it as text; what is as it is by default is left out.

        >>> Corrections(dark_averaged=2).to_json()
        '{"dark_averaged": 2}'
        """
        return json.dumps({k: v for k, v in asdict(self).items() if v not in (None, 0)})

    @classmethod
    def from_json(cls, content: str) -> Corrections:
        """Read what `to_json` wrote.

        Raises
        ------
        ValueError
            If it is not that.
        """
        try:
            fields = json.loads(content)
            if not fields.keys() <= set(cls.__dataclass_fields__):
                raise ValueError("unknown fields")
            refused = fields.get("dark_refused")
            return cls(
                int(fields.get("dark_averaged", 0)),
                None if refused is None else str(refused),
                int(fields.get("cosmic_ray_pixels", 0)),
                int(fields.get("dead_pixels", 0)),
                float(fields.get("shift_nm", 0.0)),
            )
        except (AttributeError, TypeError, OverflowError, RecursionError, ValueError) as error:
            raise ValueError(f"no corrections: {error}: {content[:80]}") from error
