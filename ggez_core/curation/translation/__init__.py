"""Translation augmentation: good English captions in every language of a region, by a model chosen for each language.

What comes out is checked (its language, its length, whether it is a translation at all) and what fails is listed,
never passed on; originals stay as they are. Everything that a model has said is kept on disk, so that a run that ended
goes on where it was. Used by the command line.
"""

from .cache import Said
from .config import TranslationConfig, read_config
from .run import Failed, Translated, Translations, translate

__all__ = ["Failed", "Said", "Translated", "TranslationConfig", "Translations", "read_config", "translate"]
