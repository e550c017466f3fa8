"""Agents: one file = one skill, typed data in, typed data out; an agent never acts."""
