"""The lock-out guard (decision D15): a recovery that could lock administrators out is refused before it writes.

Pure. docs/lockout.md says which rules there are, what each one can see today, and what the guard takes for granted.
"""
