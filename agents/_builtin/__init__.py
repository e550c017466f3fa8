"""The model that is always there: sentence embeddings and a linear head, offline, without an account."""
