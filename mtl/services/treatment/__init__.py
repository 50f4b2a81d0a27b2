"""Treatment: what was usual, what trials promise, and the trial that a cohort can stand in for."""
