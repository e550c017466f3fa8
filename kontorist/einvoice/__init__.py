"""Electronic invoices after EN 16931: read, check, compare, show."""

from __future__ import annotations

from kontorist.einvoice.invoice import Allowance, Invoice, Line, Party, VatRow

__all__ = ["Allowance", "Invoice", "Line", "Party", "VatRow"]
