"""The pooling of a network, tuned to the drift that an instrument is expected to show."""
