"""Double descent of random features: when do more parameters than data help?"""

from pages.double_descent import errors, ridge, variance

VIEWS = (errors.REGRESSION, errors.CLASSIFICATION, variance.VIEW, ridge.VIEW)
