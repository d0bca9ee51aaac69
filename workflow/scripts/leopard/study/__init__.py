"""A study's config and sample sheets: completed, checked, every problem told in one line.

It imports neither Snakemake nor Keras, so that all it refuses is tested in milliseconds.
"""
