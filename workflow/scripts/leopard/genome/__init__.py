"""The genome and what lies on it: the one reader, and the formats of files at rest."""
