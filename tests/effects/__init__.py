"""What the course claims, measured on real images: `python -m tests.effects`. Minutes of training, so marked slow."""
