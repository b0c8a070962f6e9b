"""What stands at the head of every page and workbook: that it holds the detail, or what withholding is worth."""

from typing import Final

__all__ = ["INTERNAL_BAND", "NOT_PUBLISHED", "WITHHELD_BAND"]

INTERNAL_BAND: Final = "INTERNAL: not to be passed on."

WITHHELD_BAND: Final = "Small counts are withheld."

NOT_PUBLISHED: Final = (
    "Small-area figures of a small county are not for publication: hidden counts could be worked out."
)
"""What has to be known of withholding until it is proven what it withstands."""
