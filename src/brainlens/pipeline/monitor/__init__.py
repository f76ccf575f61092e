"""What a running service's records say: how much it answers, how, and whether its inputs change."""
