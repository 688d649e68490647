"""Tools that break things on purpose, shared by the tests that measure what arrived at the targets."""
