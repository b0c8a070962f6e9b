"""Where, how far, how long: points, roads and travel times, without needs, money or models."""
