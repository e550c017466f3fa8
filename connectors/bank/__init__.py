"""A bank: its statements as rows and a trigger, and payment files that it takes."""

from connectors.bank.connector import Bank

__all__ = ["Bank"]
