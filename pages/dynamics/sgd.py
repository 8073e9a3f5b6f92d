"""When should training stop, and what does the noise of small batches do?"""

from pages.dynamics import batch_size, early_stopping, memory, three_clusters

VIEWS = (early_stopping.VIEW, batch_size.VIEW, three_clusters.VIEW, memory.VIEW)
