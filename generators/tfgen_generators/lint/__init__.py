"""What Packer, ansible-lint and tflint cannot see because it lies between them: rules, and what they find."""
