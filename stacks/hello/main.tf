terraform {
  required_version = ">= 1.5"
}

variable "greetings" {
  type        = number
  description = "How many greetings there shall be."
}

resource "terraform_data" "greeting" {
  count = var.greetings
  input = "Hello ${count.index + 1}"
}

output "hello" {
  description = "The greetings, one after another."
  value       = join(", ", terraform_data.greeting[*].output)
}
