"""HTTP: templated requests, multi-step operations, polling, read-back and webhooks for any product described by a pack."""
