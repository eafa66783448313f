"""The whole system on one machine: Azurite, the simulated tenant and a small Functions host."""
