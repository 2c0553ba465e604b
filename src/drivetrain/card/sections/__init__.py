"""The sections of the card's page, in the order in which a reviewer asks."""
