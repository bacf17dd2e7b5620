# This file is maintained automatically by "terraform init".
# Manual edits may be lost in future updates.

provider "registry.terraform.io/acme/ppc" {
  version     = "1.4.2"
  constraints = "~> 1.4"
  hashes = [
    "h1:AA=",
    "zh:0011",
  ]
}

provider "registry.example/acme/web" {
  version = "0.1.0"
}
