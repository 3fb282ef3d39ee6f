"""What each action does to a case, and what must hold besides role and state."""
