"""Every attack that SECURITY.md lists, as a test that fails where it succeeds."""
