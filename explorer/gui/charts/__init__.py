"""The drawing kit of the panels: plots, heat maps, bars, legends, and the frame that every panel has."""
