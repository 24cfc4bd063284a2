"""Evidence: what is written about a call, so that anybody can prove that it was not changed."""
