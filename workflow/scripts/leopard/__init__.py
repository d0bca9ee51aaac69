"""Base-by-base decoding of transcription factor binding from DNA sequence and accessibility.

A folder for each stage, in the order of the data: :mod:`inputs`, :mod:`windows`, :mod:`training`,
:mod:`decoding`, :mod:`evaluation`, :mod:`experiments`, :mod:`comparison`, :mod:`report` and
:mod:`browsing`; no module imports from a stage behind its own. All stages share :mod:`study` (what
was asked for), :mod:`genome` (the one reader, and formats), :mod:`models`, and the modules beside
this one: errors, devices, metrics.
"""

PROGRESS_INTERVAL = 10
"""Seconds between two lines by which a long job says how far it is."""
