"""The explorer "Bayes-optimal learning": what labels allow, what the best known algorithm finds, and the hard phase between the two."""

from pages.teacher_student import hard_phase, message_passing, orthogonal, phase_diagrams

VIEWS = (hard_phase.VIEW, message_passing.VIEW, phase_diagrams.NOISE_VIEW, phase_diagrams.SPARSITY_VIEW, orthogonal.VIEW)
