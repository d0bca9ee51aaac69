"""What trained networks say of whole genomes: tracks, calibrated, and called sites."""
