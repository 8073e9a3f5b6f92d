"""When does a student that learns with thermal noise understand its teacher?"""

from pages.teacher_student import jump, smoothness, theories

VIEWS = (jump.VIEW, smoothness.VIEW, theories.VIEW)
