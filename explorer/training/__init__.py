"""From a recipe to events: network, trainer, instruments, checkpoints. Needs torch."""
