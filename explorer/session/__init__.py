"""The state behind the window, without Qt: recipe and history, runs on screen, comparisons, what to say of layers."""
