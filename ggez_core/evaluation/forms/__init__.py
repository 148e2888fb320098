"""Forms of asking that several benchmarks share: multiple choice, open questions, retrieval, drawing.

A task turns its data into rows of a form; the form knows how a model of each family is asked them. Used by `tasks`.
"""
