"""The parts that chromosomes and windows are split into."""

SPLITS = ("train", "validation", "test")
