"""Benchmarks, one file each: what is asked of a model, of which region, country and language."""
