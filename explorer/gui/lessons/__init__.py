"""Lessons in the window: the page beside the panels, what is predicted, and what came out. May touch all of gui."""
