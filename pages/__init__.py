"""What a person sees: one short module a page, no arithmetic. `shell.py` runs first and runs the page."""
