"""``python -m placeplan`` is the command placeplan."""

from placeplan.cli import main

main()
