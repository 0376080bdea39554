"""Benches, each beside a named peer in the same run. Timings live here and not in the tests."""
