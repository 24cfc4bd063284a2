"""Call scripts: what a caller does and must hear, written by people, played on a virtual clock."""
