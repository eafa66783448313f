"""The commands and their options, as `tidemark --help` explains them."""
