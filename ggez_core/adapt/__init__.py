"""GG-EZ in one command: curate → translate → fine-tune → sweep → choose β → export with a card.

Joins what does each of these. Used by the command line.
"""
