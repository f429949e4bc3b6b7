"""The papers' tables and figures, measured here and set beside what was printed."""
