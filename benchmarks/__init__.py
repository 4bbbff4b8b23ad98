"""Repeatable measurements, each beside its peer or limit in the same run. `python -m benchmarks` runs them all."""
