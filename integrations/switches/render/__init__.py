"""What people see of switches: values to markdown, tables and files, one file for each topic. Pure."""
