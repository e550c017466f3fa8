"""Which open items a payment settles: what it names, whose it is, and what adds up."""
