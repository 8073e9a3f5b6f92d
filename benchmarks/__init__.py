"""What is measured, not asserted: speed, beside the same theory in plain NumPy and SciPy, with which the engine must agree."""
