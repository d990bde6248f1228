"""The command `tfgen`: everything that talks to a person, a process, git or AWS."""
