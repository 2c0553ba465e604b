"""Looking at photos once, remembering what they show, and finding those that are there twice."""
