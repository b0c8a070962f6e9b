"""Reports: a run in, something to read out."""
