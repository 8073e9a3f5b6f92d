"""When should training stop, and what does the noise of small batches do?"""

from pages.dynamics import early_stopping

VIEWS = (early_stopping.VIEW,)
