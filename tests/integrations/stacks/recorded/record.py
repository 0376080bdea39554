"""Record what terraform says anew: `python -m tests.integrations.stacks.recorded.record`, with terraform installed."""

from __future__ import annotations

import os
import subprocess
import tempfile
from pathlib import Path

HERE = Path(__file__).parent
MAIN = """
variable "count_of" { type = number }
variable "os_pass" {
  type      = string
  sensitive = true
}
resource "terraform_data" "node" {
  count = var.count_of
  input = "node ${count.index}"
  provisioner "local-exec" { command = "echo making ${count.index}; test ${count.index} -lt 2" }
}
output "url" { value = "http://${var.count_of}" }
output "pass" {
  value     = var.os_pass
  sensitive = true
}
"""


def main() -> None:
    """Write every stream beside this file."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "main.tf").write_text(MAIN)
        environment = {name: value for name, value in os.environ.items() if not name.startswith("TF_")} | {
            "CHECKPOINT_DISABLE": "1",
            "TF_IN_AUTOMATION": "1",
            "TF_VAR_os_pass": "hunter2-hunter2",
        }

        def record(name: str, *arguments: str) -> None:
            said = subprocess.run(
                ["terraform", *arguments], cwd=folder, env=environment, capture_output=True, check=False
            )
            (HERE / f"{name}.jsonl").write_bytes(said.stdout)

        record("init", "init", "-json")
        record("plan", "plan", "-json", "-out=first", "-detailed-exitcode", "-var=count_of=2")
        record("shown", "show", "-json", "first")
        record("apply", "apply", "-json", "first")
        record("stale", "apply", "-json", "first")
        record("failing", "apply", "-json", "-auto-approve", "-var=count_of=3")
        record("state", "show", "-json")
        record("outputs", "output", "-json")
        record("destroy", "destroy", "-json", "-auto-approve", "-var=count_of=2")


if __name__ == "__main__":
    main()
