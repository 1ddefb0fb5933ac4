"""Measurements of the whole hub, each beside a floor measured in the same run: `python -m bench`."""
