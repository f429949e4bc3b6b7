"""Bytes in, frames and events out: what connects outcrop to a spectrometer's firmware."""
