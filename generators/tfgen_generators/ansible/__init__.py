"""Ansible as Packer runs it: which files of the repository a playbook is made of. Nothing is executed."""
