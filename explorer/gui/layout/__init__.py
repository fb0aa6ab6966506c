"""Where things stand in the window, and which of them is painted next."""
