"""Committee machines: when hidden units specialize, and whether an algorithm can find out."""

from pages.teacher_student import binary_units, many_units, units_split

VIEWS = (units_split.VIEW, binary_units.VIEW, many_units.VIEW)
