"""The operator's command line: it speaks to the HTTP API and shares no code with the product."""
