"""What a call asks of the outside: sources that lookups read."""
