"""How well was it done? Facts, counts, rule sets, scores, explanations. Pure."""
