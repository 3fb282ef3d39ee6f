"""Other systems: the only place that calls out."""
