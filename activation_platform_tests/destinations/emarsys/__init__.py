"""SAP Emarsys: conversations with its services, and runs of them against the sandbox."""
