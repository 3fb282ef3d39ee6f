"""Benchmarks: they print ratios to a floor measured in the same run, and assert nothing."""
