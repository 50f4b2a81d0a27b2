"""The commands of `python -m mtl`: one small module each, and what they share."""
