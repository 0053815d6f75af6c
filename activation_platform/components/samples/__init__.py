"""What `dg scaffold defs` writes: a sample of each component, ready to be filled in."""
