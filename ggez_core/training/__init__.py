"""Training: an objective (what is learned from which rows), the order of the rows, and the loop that follows them.

May use families and data; what joins training with evaluation or with a run's folder comes in as callbacks.
"""
