"""`tfgen dispatch`: starts the pipelines of the images that a commit affects, and remembers what was built."""
