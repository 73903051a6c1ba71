"""Paper: the built-in model. A causal video autoencoder, a text encoder and a diffusion transformer, small enough for a laptop."""
