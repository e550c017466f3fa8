"""The approval inbox: server-rendered pages on which people decide what was prepared for them."""
