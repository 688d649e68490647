"""Pure decisions: what follows from an event, given the state and the policy. No I/O, no clock, no randomness."""
