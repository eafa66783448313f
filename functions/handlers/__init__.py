"""What answers each route: read the request, make one call into the product, shape the answer."""
