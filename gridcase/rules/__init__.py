"""Configuration files to frozen typed rules and back; the only reader and writer of YAML."""
