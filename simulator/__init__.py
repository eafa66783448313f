"""A pretend Entra tenant that answers Microsoft Graph over HTTP. Shares no code with the product it helps to test."""
