"""The engine: diffs a frame against a ledger and loads a destination. It knows services, not vendors, and not Dagster."""
