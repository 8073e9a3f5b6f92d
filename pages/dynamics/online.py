"""One neuron online: how large a step should it take, and what is the best use of an example seen once?"""

from pages.dynamics import classic_rules, one_rate

VIEWS = (one_rate.VIEW, classic_rules.VIEW)
