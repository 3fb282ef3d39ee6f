"""The console: pages for the people who work here all day."""
