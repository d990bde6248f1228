"""Finding and reading Packer templates: legacy JSON, HCL2 and HCL2 in JSON."""
