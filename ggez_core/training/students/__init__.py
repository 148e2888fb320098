"""Students: a teacher's text encoder with fewer layers and fewer tokens, in the library's own format."""
