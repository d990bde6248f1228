"""Which image starts from which: the names and tags that templates give, against those that others look for."""
