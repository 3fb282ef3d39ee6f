"""The same counts on Spark as on polars, over the sealed months of several offices."""
