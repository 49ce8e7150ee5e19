"""What a purchase costs, side by side with the least that the same machine could do."""
