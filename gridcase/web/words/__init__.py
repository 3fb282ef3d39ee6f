"""Words of the pages, one module a part of the console; keys begin with the part's name."""
