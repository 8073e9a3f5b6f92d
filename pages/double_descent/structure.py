"""Structure in the data: a few loud directions among many quiet ones."""

from pages.double_descent import loud, two_losses

VIEWS = (loud.VIEW, two_losses.VIEW)
