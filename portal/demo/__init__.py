"""Demo data: two providers, their people, offers, inquiries and a month of views."""
