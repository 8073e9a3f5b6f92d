"""Learning as a process in time."""
