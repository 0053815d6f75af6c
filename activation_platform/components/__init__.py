"""The words of the workspace: sources, models, templates, segments, destinations and activations as Dagster components."""
