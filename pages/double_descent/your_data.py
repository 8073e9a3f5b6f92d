"""The explorer of learning curves predicted from measured moments: digits, power laws, a trained generator, a visitor's own table."""

from pages.double_descent import power_laws, real_digits, trained_generator, your_table

VIEWS = (real_digits.VIEW, power_laws.VIEW, trained_generator.VIEW, your_table.VIEW)
