"""Diffractograms of a phase transition, as Sun et al. 2021 classify them."""
