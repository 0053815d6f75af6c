"""The vocabulary every floor shares: values, batches, outcomes, errors, services, destinations, sources."""
