"""The processes that bench_switches measures."""
