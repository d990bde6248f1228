"""The hosts of pull requests on which `tfgen comment` speaks: one module each."""
