"""What a purchase is and which rules of money hold: pure, frozen, without any I/O."""
