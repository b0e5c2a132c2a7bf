"""Load and endurance tests of the service, over its public contract and loopback addresses only."""
