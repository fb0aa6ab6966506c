"""The command line: commands, flags made from the declarations, and runs as the terminal shows them. No Qt."""
