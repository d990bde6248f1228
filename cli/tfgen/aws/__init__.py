"""AWS, for the rest of tfgen: the only package that imports boto3 and botocore."""
