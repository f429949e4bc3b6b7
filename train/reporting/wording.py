"""Figures as a reader sees them."""

from __future__ import annotations

from train.reporting.figures import Column, Spread
from train.reporting.pairing import Interval

_MINUS = "\N{MINUS SIGN}"


def percent(fraction: float, digits: int = 1) -> str:
    """Write a fraction in percent, without the sign.

    >>> percent(0.8777), percent(-0.02, 0), percent(-0.0001)
    ('87.8', '−2', '0.0')
    """
    return _number(100 * fraction, digits)


def figure(spread: Spread, column: Column) -> str:
    """Write a figure in the column's unit; a dash where there is none."""
    return "–" if spread.mean is None else _number(_scale(column) * spread.mean, column.digits)


def deviation(spread: Spread, column: Column) -> str:
    """Write its standard deviation with the sign ±; nothing where there is none."""
    if spread.mean is None or not spread.deviation:
        return ""
    return f"± {_number(_scale(column) * spread.deviation, column.digits)}"


def _scale(column: Column) -> int:
    return 100 if column.unit in ("%", "points") else 1


def _number(value: float, digits: int) -> str:
    rounded = round(value, digits) + 0.0  # no negative zero
    return f"{rounded:,.{digits}f}".replace("-", _MINUS).replace(",", "\N{NO-BREAK SPACE}")


def interval(found: Interval) -> str:
    """Write a difference in points with its interval.

    >>> interval(Interval(-0.05, -0.08, -0.02))
    '−5.0 (−8.0 to −2.0)'
    """
    mean, low, high = (_signed(value) for value in (found.mean, found.low, found.high))
    return f"{mean} ({low} to {high})"


def p_value(value: float) -> str:
    """Write a p value.

    >>> p_value(0.0312), p_value(1e-9)
    ('0.031', '< 0.001')
    """
    return "< 0.001" if value < 0.001 else f"{value:.3f}"


def _signed(fraction: float) -> str:
    return f"{100 * fraction:+.1f}".replace("-", _MINUS)
