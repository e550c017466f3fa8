"""Kontorist: a digital employee that prepares office work and does nothing without an approval."""

__version__ = "0.1.0"
