"""Readers: everything a command takes as DATA becomes samples and faults here."""

from edge.data.block import Block
from edge.data.labels import normalize_label, specimen_of
from edge.data.sample import Fault, Sample
from edge.data.selection import draw, read_all, read_all_blocks
from edge.data.sources import count_files, read_data, spectrum_members

__all__ = [
    "Block",
    "Fault",
    "Sample",
    "count_files",
    "draw",
    "normalize_label",
    "read_all",
    "read_all_blocks",
    "read_data",
    "specimen_of",
    "spectrum_members",
]
