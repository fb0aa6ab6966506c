"""Panels and runs as pictures and tables, from the window and without one."""
