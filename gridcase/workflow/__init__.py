"""What may happen next, who must do it, and by when? Pure."""
