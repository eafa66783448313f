"""The simulated tenant judged from outside: by the published description of Graph, and by Microsoft's own client."""
