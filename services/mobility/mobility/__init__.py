"""Who comes under an agreement: the mobility centre, whose personal data leave it only by reading."""
