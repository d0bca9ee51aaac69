"""What comes in: downloads, checks, simulation, labels, accessibility made alike."""
