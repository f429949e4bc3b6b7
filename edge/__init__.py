"""The daemon and everything the instrument itself needs; never torch."""
