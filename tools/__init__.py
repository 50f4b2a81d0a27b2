"""Scripts that maintain the repository; the product does not import them."""
