"""The card: what a reviewer wants to see of a bundle before saying yes."""
