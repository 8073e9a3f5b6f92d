"""Test error beyond the interpolation threshold."""
