"""The left column: fields of the recipe and a card for each technique, all made from the declarations."""
