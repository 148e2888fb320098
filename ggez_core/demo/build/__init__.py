"""Training of the shipped demo checkpoints from the small world, one file a family."""
