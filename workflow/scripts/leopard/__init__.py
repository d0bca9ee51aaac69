"""Base-by-base decoding of transcription factor binding from DNA sequence and accessibility.

The modules follow the data: :mod:`simulate` and :mod:`download` bring it in, :mod:`checks` judges
it, :mod:`tracks` reads it, :mod:`windows` samples it, :mod:`models` and :mod:`training` learn from
it, :mod:`decoding` applies what was learnt, and :mod:`metrics` and :mod:`evaluation` judge that.
"""

PROGRESS_INTERVAL = 10
"""Seconds between two lines by which a long job says how far it is."""
