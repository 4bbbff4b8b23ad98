"""Orders: from a contract with a price, over the payment, to the licence."""
