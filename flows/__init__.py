"""How a case moves: intake, advance, gate, as Prefect flows."""
