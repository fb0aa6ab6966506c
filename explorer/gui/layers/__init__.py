"""The list of layers: what each is, whether it learns, a tick to freeze it."""
