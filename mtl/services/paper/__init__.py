"""A case on paper: the screen's numbers and words."""
