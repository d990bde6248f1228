# What is uploaded without a word about encryption would be encrypted by this; the bucket's policy refuses it besides.
resource "aws_s3_bucket_server_side_encryption_configuration" "artefacts" {
  count = local.own_bucket

  bucket = aws_s3_bucket.artefacts[0].id

  rule {
    bucket_key_enabled = true

    apply_server_side_encryption_by_default {
      sse_algorithm     = "aws:kms"
      kms_master_key_id = var.kms_key_arn
    }
  }
}
