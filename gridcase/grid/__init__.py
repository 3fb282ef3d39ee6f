"""Where is it? Cell codes, division, locating, coordinates. Pure."""
