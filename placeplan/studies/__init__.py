"""Studies: one verb a file; a county in, a verified answer out."""
