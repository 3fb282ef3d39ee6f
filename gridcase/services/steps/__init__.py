"""What use cases share; every step takes the open transaction."""
