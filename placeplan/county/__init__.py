"""The county: its words, tables, checks, reading and template."""
