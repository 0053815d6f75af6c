"""The words of the workspace: sources, models, segments, destinations and activations as Dagster components."""
