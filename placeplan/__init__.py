"""placeplan: planning specialist school places, from a county's tables to who goes where."""
