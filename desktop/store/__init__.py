"""Memory: the one floor that speaks SQL, and the keyring."""
