"""Who may do what: policy, confirmation, audit. Everything is denied unless a rule allows it."""
