"""The same theories in plain NumPy and SciPy, as one writes them first: what the compiled engine is measured against, and must agree with."""
