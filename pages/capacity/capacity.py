"""How many random labels can a perceptron store?"""

from pages.capacity import cover, gardner, margin, stabilities

VIEWS = (gardner.VIEW, cover.VIEW, margin.VIEW, stabilities.VIEW)
