"""A student learns from the labels of a teacher."""
