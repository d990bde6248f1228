"""tfgen's pure half: files' bytes in, files' bytes out. No AWS, no process, no printing, no clock."""
