"""The gridcase command."""
