"""What a draft rests on: the office's knowledge pages, and the facts that must not change."""
