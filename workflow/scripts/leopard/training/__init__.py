"""Networks that learn from windows: the recipe, the fit, and what is kept of it."""
