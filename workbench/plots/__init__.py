"""Figures: pure functions from results to plotly figures, each answering the question in its title."""
