"""Changes that people tell of: taken as requests, and handed to those who keep the registry to verify."""
