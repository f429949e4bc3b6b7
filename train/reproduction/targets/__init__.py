"""One table or figure a module, each with its `TARGET`."""
