"""Figures and tables of the report: arrays and tables in, a figure or a page out."""
