"""Connectors: one file or folder = one kind of outside system. `base.py` is the contract."""
