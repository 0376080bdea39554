"""Which switches are meant: `leaf[01-48]`, `@spine and not spine09`."""
