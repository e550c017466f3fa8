"""Finding typed values in text: patterns propose, validators decide, words nearby say what a value is."""
