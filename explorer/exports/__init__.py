"""A run as files for other programs. Reads records; needs neither torch nor Qt."""
