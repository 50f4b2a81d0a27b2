"""Treatment decisions: what was usually done, what a trial promises, and when neither may be said."""
