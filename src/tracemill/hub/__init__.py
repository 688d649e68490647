"""The hub changes things: receive, process, deliver, verify, sweep; asyncio, one process, one writer."""
