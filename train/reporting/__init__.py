"""The comparison of cross-validated runs, as one HTML page."""
