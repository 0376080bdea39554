"""The engines: terraform, packer, ansible, programs, each behind the same seam."""
