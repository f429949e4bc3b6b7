"""Drivers of instruments that exist, one room a protocol; `registry` lists them."""
