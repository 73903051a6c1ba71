"""What a person touches: the command, the page, the public functions. Never imports torch."""
