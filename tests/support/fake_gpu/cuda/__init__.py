"""Stand-in for the namespace of cuda-python."""
