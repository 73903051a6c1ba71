"""Training: the world Paper has seen, and how autoencoder, transformer and few-step map are made from it."""
