"""Trials of a recipe: what a change of it is worth."""
