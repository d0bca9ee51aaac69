"""Predictions and baselines against labels, and whether to trust them."""
