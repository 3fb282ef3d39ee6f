"""The sample city: a street office, its people, and a month of their work."""
