"""The gateway to Microsoft Graph: the only part of the product that speaks to the tenant."""
