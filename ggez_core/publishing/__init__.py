"""Publishing a merge: the model card of its folder, and the upload to the Hub.

Reads what a merge and a sweep have written; used by the command line and the page. Nothing here runs a model.
"""

from .card import Card, write_card
from .cost import Cost, Power
from .upload import Pushed, push

__all__ = ["Card", "Cost", "Power", "Pushed", "push", "write_card"]
