"""Cases of a complex placements partnership: what could be offered to a child, at what cost, and to whom."""
