"""Why does a network learn nothing for so long, and then everything at once?"""

from pages.dynamics import escape, extra_units, learning_rate, plateau

VIEWS = (plateau.VIEW, escape.VIEW, learning_rate.VIEW, extra_units.VIEW)
