"""How many random labels can a perceptron store?"""

from pages.capacity import binary, cover, gardner, margin, stabilities

VIEWS = (gardner.VIEW, cover.VIEW, binary.VIEW, margin.VIEW, stabilities.VIEW)
