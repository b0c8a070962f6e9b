"""The embedded county and the numbered example scripts."""
