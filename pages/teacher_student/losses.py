"""Which loss comes closest to the Bayes-optimal student, and with which ridge?"""

from pages.teacher_student import best_ridge, flipped_labels, learning_curves, valley

VIEWS = (learning_curves.VIEW, best_ridge.VIEW, valley.VIEW, flipped_labels.VIEW)
