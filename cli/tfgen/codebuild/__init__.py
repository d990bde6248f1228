"""CodeBuild's way of running a buildspec, on this machine."""
