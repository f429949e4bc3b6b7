"""Mixtures of two minerals: made of real spectra, and judged by what names both."""
