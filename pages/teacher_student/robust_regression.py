"""Robust regression: the views of the explorer."""

from pages.teacher_student import likelihood, outliers, sparse_signal, tuning

VIEWS = (outliers.VIEW, likelihood.VIEW, tuning.VIEW, sparse_signal.VIEW)
