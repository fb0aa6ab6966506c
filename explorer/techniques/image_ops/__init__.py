"""Operations on batches of images, each image with its own parameters. Needs torch; knows no technique."""
