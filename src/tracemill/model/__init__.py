"""What the hub knows: frozen records without I/O, clock or randomness, and the protocols that connectors fulfil."""
