"""Faults planted in the engine on purpose, one at a time: each has to turn the chosen tests red."""
