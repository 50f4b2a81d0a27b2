"""Evidence: how good a fitted model is, for whom, how sure, and what sharing brought. No file, no database, no page."""
