"""Stand-in for pycuda; like the real one it imports without a driver."""
