"""What was given and what it does: usual practice, what trials promise, and target trials emulated on a cohort."""
