"""The scripts; a published one never changes."""
