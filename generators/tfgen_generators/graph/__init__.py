"""What each image is made of: templates and their files, playbooks and roles, and the pipeline around them."""
