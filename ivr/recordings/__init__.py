"""What happens to a recording once Asterisk has written it."""
