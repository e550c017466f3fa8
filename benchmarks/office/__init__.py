"""The work of the office benchmarks, done by Kontorist and by others."""
