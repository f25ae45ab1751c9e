"""The product's tests; one folder a feature, journeys/ in a real browser."""
