"""What surrounds a call to a language model: pseudonyms, the office's rules, reading the answer."""
