"""The object types of the simulated tenant: their properties, defaults and write rules."""
