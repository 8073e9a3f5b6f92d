"""Double descent of random features: when do more parameters than data help?"""

from pages.double_descent import equivalence, errors, ridge, variance

VIEWS = (errors.REGRESSION, errors.CLASSIFICATION, variance.VIEW, ridge.VIEW, equivalence.VIEW)
