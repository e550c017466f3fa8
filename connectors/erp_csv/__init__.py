"""The connector `erp_csv`: look-ups in, change detection on and import files for an ERP system that exports CSV."""

from connectors.erp_csv.connector import ErpCsv

__all__ = ["ErpCsv"]
