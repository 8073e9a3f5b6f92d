"""How well can a linear classifier tell two Gaussian clouds apart, and does more ridge always help?"""

from pages.double_descent import clouds_ridge, clouds_samples, clouds_share

VIEWS = (clouds_samples.VIEW, clouds_ridge.VIEW, clouds_share.VIEW)
