"""Views: counted, rolled up and shown, beside inquiries and answer times."""
