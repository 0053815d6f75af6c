"""The demo: the main job, on real data, against the sandbox, checked record by record."""
