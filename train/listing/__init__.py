"""`outcrop models`: what every model is, and how large."""
