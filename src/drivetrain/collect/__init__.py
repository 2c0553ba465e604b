"""Getting photos: from addresses, a search, a video; and bringing them to a size."""
