"""Students: a teacher's text encoder with fewer layers and fewer tokens, in the library's own format."""

from .student import Built, Size, StudentSettings, build_student, coverage, trim

__all__ = ["Built", "Size", "StudentSettings", "build_student", "coverage", "trim"]
