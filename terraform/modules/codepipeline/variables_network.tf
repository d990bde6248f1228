variable "network" {
  description = "How Packer reaches the build instance: public (its address, as the subnet gives it), private (its private address, from inside the VPC: needs vpc_config) or session-manager (a tunnel of Systems Manager, without an address or an open port)."
  type        = string
  default     = "public"
  nullable    = false

  validation {
    condition     = contains(["public", "private", "session-manager"], var.network)
    error_message = "The network must be public, private or session-manager."
  }
}
