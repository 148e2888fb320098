"""Studies: many distillations of one teacher or more, measured alike and compared, as a folder that goes on.

Joins training with evaluation. Used by the command line.
"""
