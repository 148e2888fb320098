"""What a model can do, one file a family. Code that knows an architecture lives here and nowhere else."""
