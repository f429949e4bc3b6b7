"""From a trained run to one signed bundle, proven equal on the way."""
